// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {{"help", "", "show this help", 'h'}};

Result<int> Run(const Invocation& invocation) {
  CAISSON_TRY(container::Pause(invocation.context, invocation.id()));
  return 0;
}

}  // namespace

const Command kPause = {
    .name = "pause",
    .arguments = "CONTAINER",
    .summary = "suspend all processes of a container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
