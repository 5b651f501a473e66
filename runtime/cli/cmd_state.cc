// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/report.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {{"help", "", "show this help", 'h'}};

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(const container::ContainerState state,
                 container::State(invocation.context, invocation.id()));
  CAISSON_TRY(Print(StrCat(ReportJson(state, "  "), "\n")));
  return 0;
}

}  // namespace

const Command kState = {
    .name = "state",
    .arguments = "CONTAINER",
    .summary = "print the state of a container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
