// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace caisson {

// The child zone is the code between clone3(2) and execve(2), in files named *_child.cc: no heap,
// no exceptions, no stdio, no locks, nothing loaded late. The parent makes a plan of plain data;
// the child walks it and answers with this.
struct StepFailure {
  int sys_errno = 0;     // 0: all steps done
  std::size_t item = 0;  // which step of the plan's list failed
  bool ok() const { return sys_errno == 0; }
};

}  // namespace caisson
