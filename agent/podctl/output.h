// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace caisson::podctl {

// Rows of cells in columns, as wide as their widest cell, three spaces apart.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  // `colour`: the cells of the column STATUS by what they say.
  std::string Render(bool colour) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// A Table of the API; `wide` shows the columns of lower priority too.
std::string RenderApiTable(const nlohmann::json& table, bool wide, bool with_namespace,
                           bool with_header);

// YAML that reads back as the same document.
std::string ToYaml(const nlohmann::json& document);

// Standard output is a terminal and NO_COLOR is not set.
bool UseColour();

// "12.3 MB"
std::string HumanBytes(std::int64_t bytes);

}  // namespace caisson::podctl
