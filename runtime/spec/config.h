// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/hooks.h"
#include "runtime/spec/linux.h"
#include "runtime/spec/mount.h"
#include "runtime/spec/process.h"

namespace caisson::spec {

// The version of the runtime specification that this runtime implements.
inline constexpr std::string_view kOciVersion = "1.3.0";

// A bundle's config.json. An absent object or list is an empty one; std::optional is used where
// "absent" and "zero" mean different things.
// Source: runtime-spec 1.3, config.md.
struct Config {
  std::string oci_version;
  std::optional<Root> root;
  std::vector<Mount> mounts;
  std::optional<Process> process;  // needed at start, not at create
  std::string hostname;
  std::string domainname;
  Hooks hooks;
  StringMap annotations;
  Linux linux;
};

// Whether a configuration's "1.2.1" is before 1.3, where the specification changed what a member
// means. Validate objects to what is no version.
bool IsBefore(std::string_view oci_version, int major, int minor);

// Reads config.json. Unknown members are ignored, as the specification demands.
// Errors: kInvalidSpec naming the member ("linux.resources.memory.limit: ..."), for malformed JSON
// with line and column; never crashes on any input.
Result<Config> ParseConfig(std::string_view json);

// The same for the objects that commands take alone (`exec --process`, `update --resources`).
Result<Process> ParseProcess(std::string_view json);
Result<Resources> ParseResources(std::string_view json);

// Checks what the specification demands across members. `warnings` gets sentences about what is
// accepted although it is doubtful. Pure: looks at nothing on the host.
// Errors: kInvalidSpec naming the member.
Status Validate(const Config& config, std::vector<std::string>* warnings = nullptr);
Status ValidateProcess(const Process& process);
Status ValidateResources(const Resources& resources);

// JSON that ParseConfig reads back as the same configuration, in runc's order of members. `indent`
// is one level's white space; empty: everything on one line.
std::string ToJson(const Config& config, std::string_view indent = {});
std::string ToJson(const Process& process, std::string_view indent = {});
std::string ToJson(const Resources& resources, std::string_view indent = {});
std::string ToJson(const Hooks& hooks, std::string_view indent = {});
Result<Hooks> ParseHooks(std::string_view json);

}  // namespace caisson::spec
