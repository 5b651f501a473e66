// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/log.h"

#include <time.h>
#include <unistd.h>

#include "runtime/base/timestamp.h"

namespace caisson {
namespace {

LogConfig g_config;  // written once by SetLog, before threads

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

std::string Now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return FormatUtc(now, 6);
}

// Length of the UTF-8 sequence that starts here, 0 if it is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t length = 0;
  unsigned int lowest = 0;
  unsigned int value = byte(0);
  if (value < 0x80) return 1;
  if (value >= 0xC2 && value < 0xE0) {
    length = 2;
    lowest = 0x80;
    value &= 0x1F;
  } else if (value >= 0xE0 && value < 0xF0) {
    length = 3;
    lowest = 0x800;
    value &= 0x0F;
  } else if (value >= 0xF0 && value < 0xF5) {
    length = 4;
    lowest = 0x10000;
    value &= 0x07;
  }
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  return value < lowest || value > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

void SetLog(const LogConfig& config) { g_config = config; }
int LogDescriptor() { return g_config.fd; }

std::string JsonEscape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    const char c = text.front();
    std::size_t taken = 1;
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      constexpr char kHex[] = "0123456789abcdef";
      out.append("\\u00").append({kHex[(c >> 4) & 0xF], kHex[c & 0xF]});
    } else if (const std::size_t length = Utf8Length(text); length > 0) {
      out.append(text.substr(0, length));
      taken = length;
    } else {
      out.append("\xEF\xBF\xBD");
    }
    text.remove_prefix(taken);
  }
  return out;
}

std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level,
                          std::string_view message, const LogFields& fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line = StrCat("{\"level\":\"", Name(level), "\",\"msg\":\"", JsonEscape(message), "\"");
    for (const auto& [key, value] : fields)
      line.append(StrCat(",\"", JsonEscape(key), "\":\"", JsonEscape(value), "\""));
    line.append(StrCat(",\"time\":\"", time, "\"}\n"));
    return line;
  }
  line = StrCat("time=\"", time, "\" level=", Name(level), " msg=\"", JsonEscape(message), "\"");
  for (const auto& [key, value] : fields)
    line.append(StrCat(" ", key, "=\"", JsonEscape(value), "\""));
  line.push_back('\n');
  return line;
}

void Log(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < g_config.level) return;
  const std::string line = FormatLogLine(g_config.format, Now(), level, message, fields);
  // A log that cannot be written has nowhere to complain.
  if (TEMP_FAILURE_RETRY(::write(g_config.fd, line.data(), line.size())) < 0) return;
}

}  // namespace caisson
