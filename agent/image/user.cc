// SPDX-License-Identifier: Apache-2.0
#include "agent/image/user.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
constexpr std::uint32_t kNoId = 0xffffffff;  // (uid_t)-1 means "leave as it is" to the kernel

// The file may be a symlink of the image (it stays inside) but not a fifo that would never end.
Result<std::string> ReadTable(FdView root, const std::string& path) {
  auto fd = OpenInRoot(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd && (fd.error().sys_errno() == ENOENT || fd.error().sys_errno() == ENOTDIR))
    return std::string();
  if (!fd) return std::move(fd).error();
  struct stat info {};
  if (::fstat(fd->get(), &info) < 0) return SysError("fstat", path);
  if (!S_ISREG(info.st_mode))
    return Error(Code::kInvalidSpec, StrCat("\"", path, "\" of the image is not a regular file"));
  return ReadFd(*fd, StrCat(path, "\" of the image \""), kMaxBytes);
}

using Fields = std::vector<std::string_view>;

// Lines of at least `least` fields between colons; comments and broken lines are passed over.
void ForEachLine(const std::string& table, std::size_t least,
                 const std::function<bool(const Fields&)>& visit) {
  for (const std::string_view line : Split(table, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const Fields fields = Split(Trim(line), ':');
    if (fields.size() >= least && !visit(fields)) return;
  }
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<std::uint32_t> ParseId(std::string_view what, std::string_view text) {
  const auto id = ParseInt<std::uint32_t>(text);
  if (id && *id != kNoId) return *id;
  return Error(Code::kInvalidSpec,
               StrCat(what, " \"", text, "\" is not an id from 0 to 4294967294"));
}

// Control characters would break the tables and messages that a name ends up in.
Status CheckName(std::string_view what, std::string_view name) {
  const bool clean = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x21 || c == 0x7f;
  });
  if (clean) return Ok();
  return Error(Code::kInvalidSpec, StrCat(what, ": has white space or control characters"));
}

struct Passwd {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
};

// By name, or by number when `uid` is given.
std::optional<Passwd> FindPasswd(const std::string& table, std::string_view name,
                                 std::optional<std::uint32_t> uid) {
  std::optional<Passwd> found;
  ForEachLine(table, 6, [&](const Fields& fields) {
    const auto line_uid = ParseInt<std::uint32_t>(fields[2]);
    const auto line_gid = ParseInt<std::uint32_t>(fields[3]);
    const bool fits = uid ? line_uid == uid : fields[0] == name;
    if (!fits || !line_uid || !line_gid || *line_uid == kNoId || *line_gid == kNoId) return true;
    found = Passwd{std::string(fields[0]), *line_uid, *line_gid, std::string(fields[5])};
    return false;
  });
  return found;
}

std::optional<std::uint32_t> FindGroup(const std::string& table, std::string_view name) {
  std::optional<std::uint32_t> found;
  ForEachLine(table, 3, [&](const Fields& fields) {
    if (fields[0] != name) return true;
    found = ParseInt<std::uint32_t>(fields[2]);
    return !found;
  });
  return found;
}

std::vector<std::uint32_t> GroupsOf(const std::string& table, std::string_view user,
                                    std::uint32_t without) {
  std::vector<std::uint32_t> gids;
  ForEachLine(table, 4, [&](const Fields& fields) {
    const auto gid = ParseInt<std::uint32_t>(fields[2]);
    const auto members = Split(fields[3], ',');
    const bool member = std::find(members.begin(), members.end(), user) != members.end();
    if (gid && *gid != kNoId && *gid != without && member) gids.push_back(*gid);
    return true;
  });
  std::sort(gids.begin(), gids.end());
  gids.erase(std::unique(gids.begin(), gids.end()), gids.end());
  return gids;
}

Result<std::uint32_t> ResolveGroup(FdView root, std::string_view group) {
  if (IsNumber(group)) return ParseId("group", group);
  CAISSON_ASSIGN(const std::string table, ReadTable(root, "etc/group"));
  const auto gid = FindGroup(table, group);
  if (!gid || *gid == kNoId)
    return Error(Code::kInvalidSpec,
                 StrCat("group \"", group, "\" is not in /etc/group of the image"));
  return *gid;
}

}  // namespace

Result<ResolvedUser> ResolveUser(FdView root, std::string_view user) {
  CAISSON_TRY(CheckName("user", user));
  const auto colon = user.find(':');
  const std::string_view name = user.substr(0, colon);
  const std::string_view group =
      colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);

  ResolvedUser out;
  std::optional<std::uint32_t> number;
  if (name.empty()) number = 0;
  if (IsNumber(name)) {
    CAISSON_ASSIGN(number, ParseId("user", name));
  }
  CAISSON_ASSIGN(const std::string passwd, ReadTable(root, "etc/passwd"));
  const auto entry = FindPasswd(passwd, name, number);
  if (!entry && !number)
    return Error(Code::kInvalidSpec,
                 StrCat("user \"", name, "\" is not in /etc/passwd of the image"));
  if (number) out.uid = *number;
  if (entry) {
    out.uid = entry->uid;
    out.gid = entry->gid;
    out.name = entry->name;
    if (entry->home.starts_with('/')) out.home = entry->home;
  }
  if (!group.empty()) {
    CAISSON_ASSIGN(out.gid, ResolveGroup(root, group));
    return out;
  }
  if (entry) {
    CAISSON_ASSIGN(const std::string groups, ReadTable(root, "etc/group"));
    out.additional_gids = GroupsOf(groups, out.name, out.gid);
  }
  return out;
}

}  // namespace caisson::image
