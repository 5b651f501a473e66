// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/container/lifecycle.h"

namespace caisson::container {

struct LoadedConfig {
  spec::Config config;
  std::string json;  // what is kept beside the state
  std::vector<std::string> warnings;
};

// The configuration that a caller means, checked, with the namespaces that it gives by descriptor
// in place of the file's. A configuration without process is taken: init then runs nothing but
// fails at start, as the specification allows create without it. Errors: kNotFound naming the file;
// kInvalidSpec naming the member.
Result<LoadedConfig> LoadConfig(const CreateOptions& options);

// root.path as an absolute path.
std::string RootfsPath(const std::string& bundle, const std::string& root_path);

// LISTEN_FDS for the process, where they are to be passed on.
std::vector<std::string> PassedEnvironment(const CreateOptions& options);

}  // namespace caisson::container
