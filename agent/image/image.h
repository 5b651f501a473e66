// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::image {

// What an image says about how to run it. Data, never behaviour: labels are only shown.
// Source: image-spec, config.md.
struct ImageConfig {
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;            // "NAME=value"
  std::string working_dir;                 // empty: "/"
  std::string user;                        // "", "1000", "app", "app:www", "1000:1000"
  std::vector<std::string> volumes;        // paths in the container
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::string stop_signal;                 // "SIGTERM"; empty: the runtime's default
  std::map<std::string, std::string, std::less<>> labels;
};

struct Image {
  std::string id;                       // digest of the configuration
  std::string manifest_digest;          // digest of the manifest; of an import without one: the id
  std::vector<std::string> references;  // full names, sorted
  std::string os;
  std::string architecture;
  std::string created;                 // RFC 3339, as the image says; may be empty
  std::uint64_t size_bytes = 0;        // of its unpacked layers
  std::vector<std::string> chain_ids;  // of the layers, lowest first
  ImageConfig config;

  // Names as "repository@sha256:...", one for each reference's repository, sorted.
  std::vector<std::string> RepoDigests() const;
};

}  // namespace caisson::image
