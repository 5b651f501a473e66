// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/record.h"

#include <algorithm>

namespace caisson::cgroup {
namespace {

constexpr std::string_view kFormat = "cgroup1";

// Spaces separate the words of an encoded record, so they and control characters are escaped.
std::string Escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%' && c != ':') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<char>(*high << 4 | *low));
    i += 2;
  }
  return out;
}

Error Damaged(std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("cgroup record: ", what));
}

bool IsSafePath(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.find('\0') != std::string_view::npos)
    return false;
  const auto parts = Split(path.substr(1), '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](auto part) { return part.empty() || part == "." || part == ".."; });
}

// "v1:cpu,cpuacct:2:1:/sys/fs/cgroup/cpu,cpuacct/pods/web"
Result<Directory> ParseDirectory(std::string_view text) {
  const auto parts = Split(text, ':');
  if (parts.size() != 5) return Damaged("a directory has not five parts");
  Directory directory;
  if (parts[0] != "v1" && parts[0] != "v2") return Damaged("a directory is neither v1 nor v2");
  directory.version = parts[0] == "v2" ? Version::kV2 : Version::kV1;
  const auto controllers = Unescape(parts[1]);
  const auto depth = ParseInt<std::uint32_t>(parts[2]);
  const auto made = ParseInt<std::uint32_t>(parts[3]);
  const auto path = Unescape(parts[4]);
  if (!controllers || !depth || !made || !path) return Damaged("a directory is malformed");
  if (!IsSafePath(*path)) return Damaged("a directory's path is not absolute and clean");
  const auto components = static_cast<std::uint32_t>(std::count(path->begin(), path->end(), '/'));
  if (*depth == 0 || *depth >= components || *made >= *depth)
    return Damaged("a directory's depth does not fit its path");
  directory.controllers = *controllers;
  directory.depth = *depth;
  directory.parents_made = *made;
  directory.path = *path;
  return directory;
}

// "unit=name": one of the plain members.
Status ParseMember(std::string_view word, Record& record) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return Damaged("a word without \"=\"");
  const auto key = word.substr(0, equals);
  const auto raw = word.substr(equals + 1);
  if (key == "dir") {
    CAISSON_ASSIGN(Directory directory, ParseDirectory(raw));
    record.directories.push_back(std::move(directory));
    return Ok();
  }
  const auto value = Unescape(raw);
  if (!value) return Damaged("a value is malformed");
  if (key == "path") record.path = *value;
  if (key == "unit") record.systemd_unit = *value;
  if (key == "slice") record.systemd_slice = *value;
  if (key == "driver") {
    if (*value != "cgroupfs" && *value != "systemd") return Damaged("unknown driver");
    record.driver = *value == "systemd" ? Driver::kSystemd : Driver::kCgroupfs;
  }
  if (key == "rootless") record.rootless = *value == "1";
  return Ok();
}

}  // namespace

bool ListHas(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool Directory::Has(std::string_view controller) const {
  return version == Version::kV1 && ListHas(controllers, controller);
}

std::string Directory::MountPoint() const {
  std::size_t end = path.size();
  for (std::uint32_t i = 0; i < depth && end != 0; ++i) end = path.rfind('/', end - 1);
  return path.substr(0, end);
}

const Directory* Record::V2() const {
  for (const Directory& directory : directories) {
    if (directory.version == Version::kV2) return &directory;
  }
  return nullptr;
}

const Directory* Record::FindV1(std::string_view controller) const {
  for (const Directory& directory : directories) {
    if (directory.Has(controller)) return &directory;
  }
  return nullptr;
}

const Directory* Record::Main() const {
  if (const Directory* const v2 = V2()) return v2;
  for (const char* controller : {"freezer", "pids", "devices"}) {
    if (const Directory* const v1 = FindV1(controller)) return v1;
  }
  return directories.empty() ? nullptr : &directories.front();
}

std::string Encode(const Record& record) {
  std::string text =
      StrCat(kFormat, " driver=", record.driver == Driver::kSystemd ? "systemd" : "cgroupfs",
             " path=", Escape(record.path));
  if (!record.systemd_unit.empty()) text += StrCat(" unit=", Escape(record.systemd_unit));
  if (!record.systemd_slice.empty()) text += StrCat(" slice=", Escape(record.systemd_slice));
  if (record.rootless) text += " rootless=1";
  for (const Directory& directory : record.directories) {
    text += StrCat(
        " dir=", directory.version == Version::kV2 ? "v2:" : "v1:", Escape(directory.controllers),
        ":", directory.depth, ":", directory.parents_made, ":", Escape(directory.path));
  }
  return text;
}

Result<Record> ParseRecord(std::string_view text) {
  Record record;
  bool first = true;
  for (const auto word : Split(text, ' ')) {
    if (first) {
      if (word != kFormat) return Damaged("not in a format of this version");
      first = false;
      continue;
    }
    CAISSON_TRY(ParseMember(word, record));
  }
  return record;
}

}  // namespace caisson::cgroup
