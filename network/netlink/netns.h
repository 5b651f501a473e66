// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::network {

// The calling thread's network namespace as an open nsfs file.
Result<UniqueFd> OpenOwnNetns();

// The number by which a network namespace is known as long as something holds it.
// Errors: kInvalidSpec when the descriptor is not an nsfs file of a network namespace.
// Source: ioctl_ns(2), NS_GET_NSTYPE.
Result<ino_t> NetnsInode(FdView netns);

// Runs `action` with the calling thread inside `netns`, then comes back. Other threads notice
// nothing. A thread that cannot come back would serve other pods from this pod's network: the
// program ends then.
// Source: setns(2), CLONE_NEWNET.
Status InNetns(FdView netns, const std::function<Status()>& action);

}  // namespace caisson::network
