// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>

#include <optional>
#include <thread>
#include <utility>

#include "runtime/base/error.h"

namespace caisson::image {

// Runs `work` (which returns a Result) on a thread that has a current directory of its own, for
// calls that cannot do without one. It shares everything else, descriptors included.
// Source: unshare(2), CLONE_FS.
template <class Work>
auto WithOwnCwd(Work&& work) -> decltype(work()) {
  std::optional<decltype(work())> result;
  std::thread([&] {
    if (::unshare(CLONE_FS) < 0)
      result.emplace(SysError("unshare", "current directory"));
    else
      result.emplace(work());
  }).join();
  return *std::move(result);
}

}  // namespace caisson::image
