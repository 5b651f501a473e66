// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/container/notify_socket.h"
#include "runtime/spec/process.h"

namespace caisson::cli {

// Stands for a container's process in the caller's job: signals that this program gets go to the
// process, its terminal is relayed to ours, and orphans of the container that land here are reaped.
// Thread-compatible: one owner at a time; one a program.
class Foreground {
 public:
  enum class Subreaper { kYes, kNo };
  // Before the process is made, so that no signal is lost: from now on all are held.
  static Result<Foreground> Begin(Subreaper subreaper);
  Foreground(Foreground&&) noexcept = default;
  Foreground& operator=(Foreground&&) = delete;
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;
  ~Foreground() = default;

  // The window size of our terminal, for a new one; nothing when there is none.
  static std::optional<spec::ConsoleSize> WindowSize();

  // Until the process has ended. `console`: the master of its terminal, if it has one. `notify`:
  // what relays its readiness, or null.
  Result<ExitStatus> Wait(const Pidfd& process, UniqueFd console,
                          container::NotifyRelay* notify = nullptr);

 private:
  explicit Foreground(UniqueFd signals) : signals_(std::move(signals)) {}
  void TakeSignals(const Pidfd& process, const UniqueFd& console);

  UniqueFd signals_;
};

}  // namespace caisson::cli
