// SPDX-License-Identifier: Apache-2.0
#include "agent/image/folders.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/image/digest.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {

Status Folders::Prepare() {
  CAISSON_TRY(MakeDirs(top_, 0700));
  CAISSON_TRY(RemoveTree(kCwd, top_ + "/tmp"));
  CAISSON_TRY(MakeDirs(top_ + "/tmp", 0700));
  CAISSON_TRY(MakeDirs(Layers(), 0700));
  CAISSON_TRY(MakeDirs(Snapshots(), 0700));
  return MakeDirs(Blobs(), 0700);
}

std::string Folders::Layer(std::string_view chain_id) const {
  return StrCat(top_, "/layers/", HexOf(chain_id));
}

std::string Folders::Snapshot(std::string_view key) const {
  return StrCat(top_, "/snapshots/", key);
}

std::vector<std::string> Folders::LayerPaths(const std::vector<std::string>& chain_ids) const {
  std::vector<std::string> paths;
  paths.reserve(chain_ids.size());
  for (const std::string& chain_id : chain_ids) paths.push_back(Layer(chain_id));
  return paths;
}

Result<Scratch> Scratch::Make(Folders& folders) {
  std::string path = StrCat(folders.top_, "/tmp/", folders.next_scratch_.fetch_add(1));
  if (::mkdir(path.c_str(), 0700) < 0) return SysError("mkdir", path);
  return Scratch(std::move(path));
}

Scratch::~Scratch() {
  if (path_.empty()) return;
  if (Status removed = RemoveTree(kCwd, path_); !removed)
    Log(LogLevel::kWarning, StrCat("image store: ", removed.error().ToString()), {{"path", path_}});
}

std::string Scratch::operator/(std::string_view name) const { return StrCat(path_, "/", name); }

Status MakeDirLike(const std::string& directory, const std::string& like) {
  struct stat info {};
  if (::stat(like.c_str(), &info) < 0) return SysError("stat", like);
  if (::mkdir(directory.c_str(), 0700) < 0) return SysError("mkdir", directory);
  if (::chown(directory.c_str(), info.st_uid, info.st_gid) < 0) return SysError("chown", directory);
  if (::chmod(directory.c_str(), info.st_mode & 07777) < 0) return SysError("chmod", directory);
  return Ok();
}

Status Publish(const std::string& directory, const std::string& to) {
  {
    CAISSON_ASSIGN(const UniqueFd content, OpenAt(kCwd, directory, O_RDONLY | O_DIRECTORY));
    if (::syncfs(content.get()) < 0) return SysError("syncfs", directory);
  }
  if (::renameat2(AT_FDCWD, directory.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) < 0)
    return SysError("rename", to);
  CAISSON_ASSIGN(const UniqueFd parent,
                 OpenAt(kCwd, to.substr(0, to.rfind('/')), O_RDONLY | O_DIRECTORY));
  if (::fsync(parent.get()) < 0) return SysError("fsync", to);
  return Ok();
}

}  // namespace caisson::image
