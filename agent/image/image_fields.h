// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/image/image.h"
#include "runtime/spec/field_reader.h"

namespace caisson::image {

// A member of a set as JSON has it: an object whose values are empty objects.
struct NameSetEntry {
  std::string name;
};
template <class V>
void Fields(V& /*v*/, spec::Is<NameSetEntry> auto& /*entry*/) {}

// The `config` member of an image's configuration. Only for .cc files.
template <class V>
void Fields(V& v, spec::Is<ImageConfig> auto& config) {
  v.Optional("User", config.user);
  std::vector<NameSetEntry> ports;
  for (const std::string& port : config.exposed_ports) ports.push_back({port});
  v.Keyed("ExposedPorts", ports, &NameSetEntry::name);
  v.Optional("Env", config.env);
  v.Optional("Entrypoint", config.entrypoint);
  v.Optional("Cmd", config.cmd);
  std::vector<NameSetEntry> volumes;
  for (const std::string& volume : config.volumes) volumes.push_back({volume});
  v.Keyed("Volumes", volumes, &NameSetEntry::name);
  v.Optional("WorkingDir", config.working_dir);
  v.Optional("Labels", config.labels);
  v.Optional("StopSignal", config.stop_signal);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(config)>>) {
    for (const NameSetEntry& port : ports) config.exposed_ports.push_back(port.name);
    for (const NameSetEntry& volume : volumes) config.volumes.push_back(volume.name);
  }
}

}  // namespace caisson::image
