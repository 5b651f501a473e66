// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/cri_log.h"

#include <time.h>

#include <array>
#include <cstdio>

namespace caisson::keeper {

std::string FormatRecordTime(std::int64_t ns_since_epoch) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const time_t seconds = ns_since_epoch / kNsPerSecond;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
                    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                    parts.tm_min, parts.tm_sec, static_cast<int>(ns_since_epoch % kNsPerSecond));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

void RecordCutter::Emit(std::string_view text, char tag, std::string_view time,
                        std::string& out) const {
  out.append(time)
      .append(stream_ == LogStream::kStdout ? " stdout " : " stderr ")
      .append(1, tag)
      .append(1, ' ')
      .append(text)
      .append(1, '\n');
}

void RecordCutter::Feed(std::string_view bytes, std::int64_t now_ns, std::string& out) {
  const std::string time = FormatRecordTime(now_ns);
  while (!bytes.empty()) {
    const std::size_t room = kMaxRecordBytes - pending_.size();
    const std::size_t line_end = bytes.substr(0, room + 1).find('\n');
    // A line of exactly the limit is one whole record, so it waits for what follows.
    if (line_end == std::string_view::npos && bytes.size() <= room) {
      pending_.append(bytes);
      return;
    }
    const bool whole = line_end != std::string_view::npos;
    const std::size_t taken = whole ? line_end : room;
    const char tag = whole ? 'F' : 'P';
    if (pending_.empty()) {
      Emit(bytes.substr(0, taken), tag, time, out);
    } else {
      Emit(pending_.append(bytes.substr(0, taken)), tag, time, out);
      std::string().swap(
          pending_);  // gives the memory back: most streams are idle most of the time
    }
    bytes.remove_prefix(taken + (whole ? 1 : 0));
  }
}

void RecordCutter::Finish(std::int64_t now_ns, std::string& out) {
  if (pending_.empty()) return;
  Emit(pending_, 'F', FormatRecordTime(now_ns), out);
  std::string().swap(pending_);
}

}  // namespace caisson::keeper
