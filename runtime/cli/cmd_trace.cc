// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/file.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/trace_file.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"chrome", "", "as JSON for chrome://tracing and Perfetto"},
    {"mermaid", "", "as a Mermaid sequence diagram"},
    {"help", "", "show this help", 'h'},
};

Result<int> Run(const Invocation& invocation) {
  const auto& arguments = invocation.options.arguments();
  if (arguments[0] != "show")
    return Error(Code::kInvalidSpec, StrCat("no trace command \"", arguments[0], "\""))
        .Hint("caisson trace show FILE");
  CAISSON_ASSIGN(const std::string text, ReadFile(arguments[1]));
  CAISSON_ASSIGN(const auto lines, ParseTrace(text), arguments[1]);
  if (invocation.options.On("chrome")) {
    CAISSON_TRY(Print(RenderChrome(lines)));
  } else if (invocation.options.On("mermaid")) {
    CAISSON_TRY(Print(RenderMermaid(lines)));
  } else {
    CAISSON_TRY(Print(RenderTimeline(lines)));
  }
  return 0;
}

}  // namespace

const Command kTrace = {
    .name = "trace",
    .arguments = "show FILE",
    .summary = "show a file that --trace wrote: as a timeline, for Chrome, or as a diagram",
    .options = kOptions,
    .min_arguments = 2,
    .max_arguments = 2,
    .run = Run,
};

}  // namespace caisson::cli
