// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/command.h"
#include "runtime/spec/process.h"

namespace caisson::cli {

// That there is a process to run at all, which needs no look at the container.
// Errors: kInvalidSpec.
Status CheckExecArguments(const Parsed& options);

// The process that `exec` is asked for: from --process, or the container's own with what the
// options and arguments change.
// Errors: kInvalidSpec naming the option.
Result<spec::Process> MakeExecProcess(const Invocation& invocation,
                                      std::optional<spec::Process> of_container);

// "UID", "UID:GID": decimal numbers of 32 bits and nothing else, so that no text can mean root by
// accident (CVE-2026-30892). An absent gid leaves `user.gid`.
// Errors: kInvalidSpec quoting the text.
Result<spec::User> ParseUser(std::string_view text, spec::User user);

// `exec --cap`: the named ones join the bounding, effective and permitted set, and the ambient one
// when the configuration has them in the inheritable set. Names that are none get a warning later,
// like those of a configuration.
void AddCapabilities(const std::vector<std::string>& names, spec::Process& process);

}  // namespace caisson::cli
