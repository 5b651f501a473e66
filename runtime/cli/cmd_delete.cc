// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"force", "", "kill the container first; no error when it does not exist", 'f'},
    {"help", "", "show this help", 'h'},
};

Result<int> Run(const Invocation& invocation) {
  CAISSON_TRY(container::Delete(invocation.context, invocation.id(),
                                {.force = invocation.options.On("force")}));
  return 0;
}

}  // namespace

const Command kDelete = {
    .name = "delete",
    .arguments = "CONTAINER",
    .summary = "remove what a stopped container holds",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
