// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// Where log lines go, for the whole program. Text is logfmt, JSON is one object a line, both with
// the keys of runc's log: time (RFC 3339), level, msg. Set up once, before threads.
struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  int fd = 2;  // must outlive the program
};
void SetLog(const LogConfig& config);
// Where lines go at the moment.
int LogDescriptor();

using LogFields = std::vector<std::pair<std::string_view, std::string_view>>;

// Writes one line with one write(2), so lines of several threads do not mix. Thread-safe.
void Log(LogLevel level, std::string_view message, const LogFields& fields = {});

// The line that Log writes, with its line end; `time` is RFC 3339.
std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level,
                          std::string_view message, const LogFields& fields);

// `text` inside a JSON string: quotes, backslashes and control characters escaped; bytes that are
// not UTF-8 are replaced by U+FFFD.
std::string JsonEscape(std::string_view text);

}  // namespace caisson
