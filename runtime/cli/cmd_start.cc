// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {{"help", "", "show this help", 'h'}};

Result<int> Run(const Invocation& invocation) {
  CAISSON_TRY(container::Start(invocation.context, invocation.id(), NotifySocket()));
  return 0;
}

}  // namespace

const Command kStart = {
    .name = "start",
    .arguments = "CONTAINER",
    .summary = "run the user's program in a created container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
