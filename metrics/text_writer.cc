// SPDX-License-Identifier: Apache-2.0
#include "metrics/text_writer.h"

#include <charconv>

namespace caisson::metrics {
namespace {

template <class Int>
void AppendInt(std::string& text, Int value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

}  // namespace

void TextWriter::Family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  type_ = type;
  help_ = help;
  is_announced_ = false;
}

void TextWriter::Sample(std::string_view labels, std::string_view more, Value value,
                        std::int64_t time_ms) {
  if (!is_announced_) {
    is_announced_ = true;
    text_.append("# HELP ").append(name_).append(" ").append(help_);
    text_.append("\n# TYPE ").append(name_);
    text_.append(type_ == Type::kCounter ? " counter\n" : " gauge\n");
  }
  text_.append(name_);
  if (!labels.empty() || !more.empty()) {
    text_.append("{").append(labels);
    if (!labels.empty() && !more.empty()) text_.append(",");
    text_.append(more).append("}");
  }
  text_.append(" ");
  AppendValue(text_, value);
  if (time_ms != 0) {
    text_.append(" ");
    AppendInt(text_, time_ms);
  }
  text_.append("\n");
}

std::string Label(std::string_view name, std::string_view value) {
  std::string text;
  text.reserve(name.size() + value.size() + 3);
  text.append(name).append("=\"");
  for (const char c : value) {
    switch (c) {
      case '\\': text.append("\\\\"); break;
      case '"': text.append("\\\""); break;
      case '\n': text.append("\\n"); break;
      default: text.push_back(c);
    }
  }
  text.append("\"");
  return text;
}

void AppendValue(std::string& text, Value value) {
  std::uint64_t divisor = 1;
  for (unsigned i = 0; i < value.decimals; ++i) divisor *= 10;
  AppendInt(text, value.digits / divisor);
  std::uint64_t fraction = value.digits % divisor;
  if (fraction == 0) return;
  text.push_back('.');
  for (divisor /= 10; fraction != 0; divisor /= 10) {
    text.push_back(static_cast<char>('0' + fraction / divisor));
    fraction %= divisor;
  }
}

}  // namespace caisson::metrics
