// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "runtime/base/process.h"

namespace caisson::test {

// How a forked child ended, and what it had to say.
struct ChildResult {
  ExitStatus status;
  std::string said;
};

// Runs `body` in a forked child, so that what it does to itself never touches the test runner, and
// waits for its end. The text that it returns comes back; empty means "as expected". Neither
// destructors nor exit handlers of the runner run there.
ChildResult InChild(const std::function<std::string()>& body);

// The same, in new namespaces (CLONE_NEW* flags, by unshare(2)).
ChildResult InNamespaces(int clone_flags, const std::function<std::string()>& body);

}  // namespace caisson::test
