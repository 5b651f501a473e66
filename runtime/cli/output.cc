// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/output.h"

#include <algorithm>

#include "runtime/base/file.h"

namespace caisson::cli {

Status Print(std::string_view text) { return WriteAll(FdView::Raw(1), text, "standard output"); }

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kGap = 3;
  constexpr std::size_t kLeast = 12;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), kLeast);
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size() + kGap);
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text.append(row[i]);
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size(), ' ');
    }
    text.push_back('\n');
  }
  return text;
}

// Read by hand: the name service of the C library would load libraries into a static program.
std::string UserName(unsigned uid) {
  const auto passwd = ReadFile("/etc/passwd");
  if (passwd) {
    for (const std::string_view line : Split(*passwd, '\n')) {
      const auto fields = Split(line, ':');
      if (fields.size() > 2 && ParseInt<unsigned>(fields[2]) == uid) return std::string(fields[0]);
    }
  }
  return StrCat(uid);
}

}  // namespace caisson::cli
