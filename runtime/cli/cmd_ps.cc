// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "runtime/base/run_command.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"format", "FORMAT", "table or json (default: table)", 'f'},
    {"help", "", "show this help", 'h'},
};

std::string AsJson(const std::vector<pid_t>& pids) {
  if (pids.empty()) return "null\n";  // as runc
  std::string text = "[";
  for (const pid_t pid : pids) text.append(text.size() > 1 ? "," : "").append(StrCat(pid));
  return text.append("]\n");
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(line, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

// Lines of ps(1) whose PID column names one of the container's processes, with the title line.
Result<std::string> Filter(std::string_view listing, const std::vector<pid_t>& pids) {
  std::string kept;
  std::size_t column = 0;
  for (const std::string_view line : Split(listing, '\n')) {
    const auto words = Words(line);
    if (words.empty()) continue;
    if (kept.empty()) {
      const auto title = std::find(words.begin(), words.end(), "PID");
      if (title == words.end())
        return Error(Code::kInvalidSpec, "ps: couldn't find PID field in its output")
            .Hint("give ps options that show the PID column");
      column = static_cast<std::size_t>(title - words.begin());
    } else {
      const auto pid = column < words.size() ? ParseInt<pid_t>(words[column]) : std::nullopt;
      if (!pid || std::find(pids.begin(), pids.end(), *pid) == pids.end()) continue;
    }
    kept.append(line).append("\n");
  }
  return kept;
}

Result<int> Run(const Invocation& invocation) {
  const std::string format = invocation.options.Get("format", "table");
  if (format != "table" && format != "json")
    return Error(Code::kInvalidSpec, StrCat("invalid format option: ", format));
  CAISSON_ASSIGN(const auto pids, container::Ps(invocation.context, invocation.id()));
  if (format == "json") {
    CAISSON_TRY(Print(AsJson(pids)));
    return 0;
  }
  const auto& arguments = invocation.options.arguments();
  caisson::Command ps{.argv = {"ps"}};
  ps.argv.insert(ps.argv.end(), arguments.begin() + 1, arguments.end());
  if (ps.argv.size() == 1) ps.argv.emplace_back("-ef");
  CAISSON_ASSIGN(const CommandOutput output,
                 RunCommand(std::move(ps), "", Deadline::After(std::chrono::seconds(10)),
                            std::size_t{64} << 20));
  if (!output.status.ok()) return Error(Code::kSystem, StrCat("ps: ", Trim(output.err)));
  CAISSON_ASSIGN(const std::string kept, Filter(output.out, pids));
  CAISSON_TRY(Print(kept));
  return 0;
}

}  // namespace

const Command kPs = {
    .name = "ps",
    .arguments = "CONTAINER [PS OPTIONS]",
    .summary = "list the processes of a container",
    .options = kOptions,
    .placement = Placement::kBeforeArguments,
    .min_arguments = 1,
    .max_arguments = 64,
    .run = Run,
};

}  // namespace caisson::cli
