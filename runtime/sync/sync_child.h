// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/child_zone.h"
#include "runtime/sync/message.h"

namespace caisson::sync {

// The child's side. Child zone: no heap, no stdio, no unwinding.

// 0, or the errno. `fd` goes along when it is not -1.
int SendFromChild(int socket, Type type, int value = 0, int fd = -1) noexcept;

// Waits for exactly this type. 0; EPIPE when the peer is gone; EPROTO for anything else.
int AwaitInChild(int socket, Type wanted, int* value = nullptr) noexcept;

// Reports where and why as numbers, then ends. Nothing on this stack is destroyed: it belongs to
// the parent (its guards would delete the container's state).
[[noreturn]] void DieInChild(int socket, Phase phase, StepFailure failure) noexcept;

}  // namespace caisson::sync
