// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/log.h"

#include "runtime/base/file.h"
#include "runtime/base/strings.h"

namespace caisson::criu {

// "(00.004321) Error (criu/cr-dump.c:1234): Can't ..." each.
std::string LastError(const std::string& log) {
  std::string last;
  for (const std::string_view line : Split(log, '\n')) {
    const auto at = line.find("Error (");
    if (at == std::string_view::npos) continue;
    const auto colon = line.find("): ", at);
    if (colon == std::string_view::npos) continue;
    // This one only says that it has failed, which is known.
    const std::string_view words = Trim(line.substr(colon + 3));
    if (words.find("FAILED") == std::string_view::npos || last.empty()) last = words;
  }
  return last;
}

Status Judge(std::string_view verb, const ExitStatus& ended, const std::string& log_path) {
  if (ended.ok()) return Ok();
  const std::string how = ended.signal != 0 ? StrCat("killed by signal ", ended.signal)
                                            : StrCat("exit status ", ended.code);
  const auto log = ReadFile(log_path, std::size_t{256} << 20);
  const std::string cause = log ? LastError(*log) : std::string();
  return Error(Code::kSystem,
               StrCat("criu ", verb, ": ", cause.empty() ? how : StrCat(cause, " (", how, ")")))
      .Hint(StrCat("read ", log_path, ", and see what `criu check` says"));
}

}  // namespace caisson::criu
