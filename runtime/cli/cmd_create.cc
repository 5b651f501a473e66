// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {CAISSON_CREATE_OPTIONS};

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(const container::CreateOptions options, MakeCreateOptions(invocation));
  // The init goes on without us: whoever started this program becomes its parent.
  CAISSON_TRY(container::Create(invocation.context, options));
  return 0;
}

}  // namespace

const Command kCreate = {
    .name = "create",
    .arguments = "CONTAINER",
    .summary = "create a container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .enters_container = true,
    .run = Run,
};

}  // namespace caisson::cli
