// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/trace_file.h"

#include <algorithm>
#include <map>

#include "runtime/base/log.h"

namespace caisson::cli {
namespace {

// The reader of exactly what the trace writes: one flat object, known members, in order.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}
  bool Skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  template <class Int>
  bool Number(Int& value) {
    const auto end = rest_.find_first_not_of("0123456789");
    const auto parsed = ParseInt<Int>(rest_.substr(0, end));
    if (!parsed || end == rest_.npos) return false;
    value = *parsed;
    rest_.remove_prefix(end);
    return true;
  }
  bool Text(std::string& value) {
    if (!Skip("\"")) return false;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return false;
      value.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return Skip("\"");
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool ParseLine(std::string_view text, TraceLine& line) {
  LineReader reader(text);
  return reader.Skip("{\"ns\":") && reader.Number(line.ns) && reader.Skip(",\"pid\":") &&
         reader.Number(line.pid) && reader.Skip(",\"point\":") && reader.Text(line.point) &&
         reader.Skip(",\"phase\":") && reader.Text(line.phase) && reader.Skip(",\"object\":") &&
         reader.Text(line.object) && reader.Skip("}") && reader.AtEnd();
}

std::string Microseconds(std::uint64_t ns) {
  const std::uint64_t rest = ns % 1000;
  return StrCat(ns / 1000, ".", rest / 100, rest / 10 % 10, rest % 10);
}

std::string Right(std::string_view text, std::size_t width) {
  std::string out(width - std::min(width, text.size()), ' ');
  return out.append(text);
}

std::string Left(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

}  // namespace

Result<std::vector<TraceLine>> ParseTrace(std::string_view text) {
  std::vector<TraceLine> lines;
  std::size_t number = 0;
  for (const std::string_view row : Split(text, '\n')) {
    ++number;
    if (row.empty()) continue;
    TraceLine line;
    if (!ParseLine(row, line))
      return Error(Code::kInvalidSpec, StrCat("line ", number, ": not a line of a trace"));
    lines.push_back(std::move(line));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const TraceLine& a, const TraceLine& b) { return a.ns < b.ns; });
  return lines;
}

std::string RenderTimeline(const std::vector<TraceLine>& lines) {
  constexpr std::size_t kTime = 12;
  std::string text = StrCat(Right("us", kTime), Right("+us", kTime), Right("pid", 9),
                            "  point             what\n");
  std::uint64_t before = lines.empty() ? 0 : lines.front().ns;
  for (const TraceLine& line : lines) {
    text.append(Right(Microseconds(line.ns - lines.front().ns), kTime));
    text.append(Right(Microseconds(line.ns - before), kTime));
    text.append(Right(StrCat(line.pid), 9)).append("  ").append(Left(line.point, 18));
    text.append(line.phase);
    if (!line.object.empty()) text.append(" (").append(line.object).append(")");
    text.append("\n");
    before = line.ns;
  }
  return text;
}

std::string RenderChrome(const std::vector<TraceLine>& lines) {
  std::string text = "{\"traceEvents\":[";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const TraceLine& line = lines[i];
    std::uint64_t end = line.ns;
    for (std::size_t next = i + 1; next < lines.size() && end == line.ns; ++next)
      if (lines[next].pid == line.pid) end = lines[next].ns;
    text.append(i > 0 ? ",\n" : "\n");
    text.append(StrCat("{\"name\":\"", JsonEscape(line.point),
                       "\",\"cat\":\"caisson\",\"ph\":\"X\"",
                       ",\"ts\":", Microseconds(line.ns - lines.front().ns),
                       ",\"dur\":", Microseconds(end - line.ns), ",\"pid\":", line.pid,
                       ",\"tid\":", line.pid, ",\"args\":{\"phase\":\"", JsonEscape(line.phase),
                       "\",\"object\":\"", JsonEscape(line.object), "\"}}"));
  }
  return text.append("\n],\"displayTimeUnit\":\"ns\"}\n");
}

std::string RenderMermaid(const std::vector<TraceLine>& lines) {
  std::string text = "sequenceDiagram\n";
  std::map<std::int64_t, bool> seen;
  for (const TraceLine& line : lines) {
    if (!seen.emplace(line.pid, true).second) continue;
    text.append(StrCat("    participant p", line.pid, " as pid ", line.pid, "\n"));
  }
  std::int64_t speaker = lines.empty() ? 0 : lines.front().pid;
  for (const TraceLine& line : lines) {
    std::string words = StrCat(line.point, " ", line.phase);
    if (!line.object.empty()) words.append(" (").append(line.object).append(")");
    // Semicolons and hashes have a meaning in the diagram's language.
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c == ';' || c == '#'; }, ',');
    text.append(StrCat("    p", speaker, "->>p", line.pid, ": ", words, " +",
                       Microseconds(line.ns - lines.front().ns), "us\n"));
    speaker = line.pid;
  }
  return text;
}

}  // namespace caisson::cli
