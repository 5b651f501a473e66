// SPDX-License-Identifier: Apache-2.0
#include "agent/podctl/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "runtime/base/strings.h"

namespace caisson::podctl {

using nlohmann::json;

namespace {

// Characters, not bytes: UTF-8's continuation bytes take no place of their own.
std::size_t WidthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

const char* ColourOf(const std::string& status) {
  if (status == "Running" || status == "Ready" || status == "Active") return "\x1b[32m";
  if (status == "Completed" || status == "Succeeded") return "\x1b[90m";
  for (const char* bad : {"Error", "BackOff", "OOM", "Failed", "Err", "NotReady", "CannotRun"}) {
    if (status.find(bad) != std::string::npos) return "\x1b[31m";
  }
  return "\x1b[33m";
}

// Control characters of an object's text must not reach the terminal.
std::string Printable(std::string text) {
  for (char& c : text) c = static_cast<unsigned char>(c) < ' ' || c == 0x7F ? ' ' : c;
  return text;
}

std::string CellText(const json& cell) {
  return Printable(cell.is_string() ? cell.get<std::string>() : cell.dump());
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

}  // namespace

std::string TextTable::Render(bool colour) const {
  constexpr std::size_t kGap = 3;
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string out;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string& cell = rows_[r][i];
      const bool painted = colour && r > 0 && rows_.front()[i] == "STATUS";
      out += painted ? StrCat(ColourOf(cell), cell, "\x1b[0m") : cell;
      if (i + 1 < rows_[r].size()) out.append(widths[i] - WidthOf(cell) + kGap, ' ');
    }
    out.push_back('\n');
  }
  return out;
}

std::string RenderApiTable(const json& table, bool wide, bool with_namespace, bool with_header) {
  std::vector<std::size_t> shown;
  std::vector<std::string> header;
  if (with_namespace) header.emplace_back("NAMESPACE");
  const json& columns = table.at("columnDefinitions");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!wide && columns[i].value("priority", 0) > 0) continue;
    shown.push_back(i);
    header.push_back(Upper(columns[i].value("name", "")));
  }
  TextTable text(std::move(header));
  for (const json& row : table.at("rows")) {
    std::vector<std::string> cells;
    if (with_namespace) cells.push_back(row["object"]["metadata"].value("namespace", ""));
    for (const std::size_t i : shown) cells.push_back(CellText(row["cells"].at(i)));
    text.Add(std::move(cells));
  }
  std::string out = text.Render(UseColour());
  if (!with_header) out.erase(0, out.find('\n') + 1);
  return out;
}

bool UseColour() {
  static const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return colour;
}

std::string HumanBytes(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  (void)std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace caisson::podctl
