// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caisson::spec {

struct Hook {
  std::string path;
  std::vector<std::string> args;  // args[0] is the program's name; empty: the path
  // Absent is not the same as empty: it leaves the choice to the runtime.
  std::optional<std::vector<std::string>> env;
  std::optional<std::int64_t> timeout_s;  // > 0
};

// Source: runtime-spec 1.3, config.md, POSIX-platform hooks.
struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

}  // namespace caisson::spec
