// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/descriptors.h"

#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::criu {

using Json = nlohmann::json;

namespace {

// The number after "mnt_id:" in /proc/PID/fdinfo/N; empty when it cannot be read.
std::string MountOf(const std::string& proc, int number) {
  const auto info = ReadFile(StrCat(proc, "/fdinfo/", number));
  if (!info) return {};
  for (const std::string_view line : Split(*info, '\n'))
    if (line.starts_with("mnt_id:")) return std::string(Trim(line.substr(7)));
  return {};
}

bool HasMount(const std::string& proc, const std::string& mount) {
  const auto mounts = ReadFile(StrCat(proc, "/mountinfo"));
  if (!mounts) return false;
  for (const std::string_view line : Split(*mounts, '\n'))
    if (line.substr(0, line.find(' ')) == mount) return true;
  return false;
}

std::string StreamOf(const std::string& proc, int number) {
  const std::string path = StrCat(proc, "/fd/", number);
  struct stat there {};
  if (::stat(path.c_str(), &there) < 0) return {};
  if (S_ISFIFO(there.st_mode)) return StrCat("pipe:[", there.st_ino, "]");
  std::error_code failed;
  std::string target = std::filesystem::read_symlink(path, failed).string();
  const std::string mount = MountOf(proc, number);
  const auto mount_id = ParseInt<unsigned>(mount);
  if ((!S_ISREG(there.st_mode) && !S_ISCHR(there.st_mode)) || !mount_id || HasMount(proc, mount))
    return target;
  std::ostringstream name;
  name << std::hex << "file[" << *mount_id << ":" << there.st_ino << "]" << std::oct
       << there.st_mode;
  return name.str();
}

}  // namespace

std::vector<std::string> StandardStreams(pid_t host_pid) {
  std::vector<std::string> streams;
  for (int number = 0; number <= 2; ++number)
    streams.push_back(StreamOf(StrCat("/proc/", host_pid), number));
  return streams;
}

std::string OutsideName(std::string_view stream) {
  const auto end = stream.find(']');
  const bool is_outside = stream.starts_with("pipe:[") || stream.starts_with("file[");
  return is_outside && end != std::string_view::npos ? std::string(stream.substr(0, end + 1))
                                                     : std::string();
}

std::optional<mode_t> OutsideMode(std::string_view stream) {
  if (!stream.starts_with("file[")) return std::nullopt;
  const std::string_view digits = stream.substr(OutsideName(stream).size());
  mode_t mode = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return mode;
}

Status WriteDescriptors(const std::string& image_path, const std::vector<std::string>& streams) {
  CAISSON_ASSIGN(const UniqueFd folder, OpenAt(kCwd, image_path, O_PATH | O_DIRECTORY));
  return AtomicWriteAt(folder, kDescriptorsFile,
                       Json(streams).dump(-1, ' ', false, Json::error_handler_t::replace), 0600,
                       Durability::kThisBoot);
}

Result<std::vector<std::string>> ReadDescriptors(const std::string& image_path) {
  const std::string path = StrCat(image_path, "/", kDescriptorsFile);
  const auto text = ReadFile(path);
  if (!text && text.error().sys_errno() == ENOENT) return std::vector<std::string>();
  if (!text) return text.error();
  const Json json = Json::parse(*text, nullptr, false);
  std::vector<std::string> streams;
  bool is_well_formed = json.is_array();
  for (const Json& stream : is_well_formed ? json : Json::array()) {
    is_well_formed = is_well_formed && stream.is_string();
    if (is_well_formed) streams.push_back(stream.get<std::string>());
  }
  if (!is_well_formed)
    return Error(Code::kInvalidSpec, StrCat(path, ": not a list of texts"))
        .Hint("give the folder of a checkpoint that is whole");
  return streams;
}

}  // namespace caisson::criu
