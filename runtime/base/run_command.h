// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/deadline.h"
#include "runtime/base/process.h"

namespace caisson {

struct CommandOutput {
  ExitStatus status;
  std::string out;  // at most `max_bytes` of each; the rest is read and dropped
  std::string err;
};

// Runs it to its end, feeding `input`, and collects what it writes. Killed when the deadline
// passes. Errors: those of Spawn; kSystem with ETIMEDOUT.
Result<CommandOutput> RunCommand(Command command, std::string_view input, Deadline deadline,
                                 std::size_t max_bytes = std::size_t{1} << 20);

}  // namespace caisson
