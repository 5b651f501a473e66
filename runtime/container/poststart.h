// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/spec/config.h"
#include "runtime/state/record.h"

namespace caisson::container {

// Runs the poststart hooks of a container whose program runs now.
// Errors: the first failure; the caller then ends the container and takes it apart. For a
// configuration from before 1.3 failures are warnings, and the other hooks run.
// Source: runtime-spec 1.3, runtime.md, lifecycle, step 9, and that of 1.2.
Status RunPoststartHooks(const spec::Config& config, const state::Record& record);

}  // namespace caisson::container
