// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/launch/init_view.h"

namespace caisson::launch {

// Child zone. Walks the phases in order; ends by execve, or by reporting the phase that failed. The
// only execve of the runtime lies below this.
[[noreturn]] void RunInit(InitView& view) noexcept;

// Child zone. Enters what must be entered first, clones init as its sibling, reports init's pid
// and pidfd, and ends.
[[noreturn]] void RunStage1(const Stage1View& stage1, InitView& view) noexcept;

}  // namespace caisson::launch
