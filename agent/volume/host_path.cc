// SPDX-License-Identifier: Apache-2.0
#include "agent/volume/host_path.h"

#include <sys/stat.h>

#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::volume {
namespace {

struct Kind {
  std::string_view name;
  mode_t type;  // S_IF*; 0: anything
};

Kind KindOf(HostPathType type) {
  switch (type) {
    case HostPathType::kUnset: return {"", 0};
    case HostPathType::kDirectoryOrCreate:
    case HostPathType::kDirectory: return {"a directory", S_IFDIR};
    case HostPathType::kFileOrCreate:
    case HostPathType::kFile: return {"a regular file", S_IFREG};
    case HostPathType::kSocket: return {"a socket", S_IFSOCK};
    case HostPathType::kCharDevice: return {"a character device", S_IFCHR};
    case HostPathType::kBlockDevice: return {"a block device", S_IFBLK};
  }
  return {"", 0};
}

Status CheckPath(const std::string& path) {
  if (!path.starts_with('/'))
    return Error(Code::kInvalidSpec, StrCat("hostPath \"", path, "\" is not absolute"));
  for (const std::string_view part : Split(path, '/'))
    if (part == "..")
      return Error(Code::kInvalidSpec, StrCat("hostPath \"", path, "\" has \"..\""));
  return Ok();
}

Result<UniqueFd> Make(FdView root, const HostPath& host) {
  if (host.type == HostPathType::kFileOrCreate) {
    const auto slash = host.path.rfind('/');
    CAISSON_ASSIGN(
        const UniqueFd folder,
        OpenInRoot(root, slash == 0 ? "/" : host.path.substr(0, slash), O_PATH | O_DIRECTORY));
    // Made exclusively: what has appeared meanwhile is not ours to open for writing.
    const auto made =
        OpenAt(folder, host.path.substr(slash + 1), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
    if (!made && made.error().sys_errno() != EEXIST) return made.error();
    return OpenInRoot(root, host.path, O_PATH);
  }
  return MakeDirsInRoot(root, host.path, 0755);
}

}  // namespace

Result<UniqueFd> OpenHostPath(const std::string& host_root, const HostPath& host) {
  CAISSON_TRY(CheckPath(host.path));
  CAISSON_ASSIGN(const UniqueFd root, OpenAt(kCwd, host_root, O_PATH | O_DIRECTORY));
  auto fd = OpenInRoot(root, host.path, O_PATH);
  const bool make = host.type == HostPathType::kUnset ||
                    host.type == HostPathType::kDirectoryOrCreate ||
                    host.type == HostPathType::kFileOrCreate;
  if (!fd && fd.error().sys_errno() == ENOENT && make) fd = Make(root, host);
  if (!fd) return std::move(fd).error().Wrap("hostPath");
  struct stat info {};
  if (::fstat(fd->get(), &info) < 0) return SysError("fstat", host.path);
  const Kind kind = KindOf(host.type);
  if (kind.type != 0 && (info.st_mode & S_IFMT) != kind.type)
    return Error(Code::kInvalidSpec, StrCat("hostPath \"", host.path, "\" is not ", kind.name));
  return fd;
}

}  // namespace caisson::volume
