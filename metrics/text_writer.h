// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/names.h"

namespace caisson::metrics {

// Writes the text format 0.0.4 straight into one string. For the series of thousands of cgroups,
// where a tree of metric objects with seven label strings each costs more than reading the files.
// Source: prometheus.io, "Exposition formats".
class TextWriter {
 public:
  // HELP and TYPE, written when the first sample comes, so that no family is empty.
  void Family(std::string_view name, Type type, std::string_view help);

  // `labels` and `more` are rendered already (Label); either may be empty.
  void Sample(std::string_view labels, std::string_view more, Value value,
              std::int64_t time_ms = 0);

  std::string Take() { return std::move(text_); }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
  std::string_view name_;
  std::string_view help_;
  Type type_ = Type::kGauge;
  bool is_announced_ = true;
};

// name="value" with \, " and line ends escaped.
std::string Label(std::string_view name, std::string_view value);

// "1.5", "0.000000001", "12"; no zeros at the end of a fraction.
void AppendValue(std::string& text, Value value);

}  // namespace caisson::metrics
