// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/report.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"format", "FORMAT", "table or json (default: table)", 'f'},
    {"quiet", "", "print ids only", 'q'},
    {"help", "", "show this help", 'h'},
};

std::string AsTable(const std::vector<container::ContainerState>& states) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const auto& state : states)
    rows.push_back({state.id, StrCat(state.pid), std::string(state::NameOf(state.status)),
                    state.bundle, state.created, UserName(state.owner_uid)});
  return Table(rows);
}

std::string AsJson(const std::vector<container::ContainerState>& states) {
  // runc prints null for none, and clients that decode into a list take both.
  if (states.empty()) return "null\n";
  std::string text = "[";
  for (const auto& state : states)
    text.append(text.size() > 1 ? "," : "").append(ReportJson(state, ""));
  return text.append("]\n");
}

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(const auto states, container::List(invocation.context));
  if (invocation.options.On("quiet")) {
    std::string ids;
    for (const auto& state : states) ids.append(state.id).append("\n");
    CAISSON_TRY(Print(ids));
    return 0;
  }
  const std::string format = invocation.options.Get("format", "table");
  if (format != "table" && format != "json")
    return Error(Code::kInvalidSpec, StrCat("invalid format option: ", format));
  CAISSON_TRY(Print(format == "json" ? AsJson(states) : AsTable(states)));
  return 0;
}

}  // namespace

const Command kList = {
    .name = "list",
    .summary = "list the containers under the root",
    .options = kOptions,
    .run = Run,
};

}  // namespace caisson::cli
