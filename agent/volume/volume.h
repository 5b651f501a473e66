// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::volume {

// What a volume of a pod is made of. Plain data: where the contents of a ConfigMap come from is the
// caller's business.

struct EmptyDir {
  bool memory = false;                            // a tmpfs of its own
  std::optional<std::uint64_t> size_limit_bytes;  // of the tmpfs
};

enum class HostPathType {
  kUnset,  // no check; a directory is made when nothing is there
  kDirectoryOrCreate,
  kDirectory,
  kFileOrCreate,
  kFile,
  kSocket,
  kCharDevice,
  kBlockDevice,
};
struct HostPath {
  std::string path;
  HostPathType type = HostPathType::kUnset;
};

struct File {
  std::string path;  // below the volume, may have folders: "tls/key.pem"
  std::string bytes;
  mode_t mode = 0644;
};
// ConfigMap, Secret, downward API and projections of them: files that a change replaces all at
// once, by the `..data` link, as Kubernetes does it.
struct Files {
  std::vector<File> files;
  bool secret = false;  // kept on the run-time directory (a tmpfs), never on disk
};

using Source = std::variant<EmptyDir, HostPath, Files>;

struct Directories {
  std::string data = "/var/lib/caisson";  // <data>/pods/UID/volumes/NAME
  std::string run = "/run/caisson";       // <run>/pods/UID/volumes/NAME: memory and secrets
  std::string host_root = "/";            // where hostPath starts; "/host" in a container
};

// The volumes of one pod.
// Thread-compatible: one owner at a time; two pods are independent.
class PodVolumes {
 public:
  // `pod_uid` becomes a directory's name. Errors: kInvalidSpec when it cannot.
  static Result<PodVolumes> Open(const Directories& directories, const std::string& pod_uid);

  // Makes the volume, or takes over one that is there (its contents stay, Files are brought up to
  // date). With `fs_group`, an emptyDir and files belong to that group and it may write.
  // Errors: kInvalidSpec naming the path for a wrong kind of host path or a name that leads
  // outside; kNotFound; kSystem.
  Status Prepare(const std::string& name, const Source& source,
                 std::optional<gid_t> fs_group = std::nullopt);

  // Replaces the contents of a Files volume in containers that have it mounted, all at once.
  // False when nothing had changed.
  Result<bool> Update(const std::string& name, const Files& files,
                      std::optional<gid_t> fs_group = std::nullopt);

  // The volume, or what `sub_path` names in it, as a detached tree for a container's mount. The
  // sub-path is resolved once, cannot leave the volume, and is made as a directory when missing.
  // Errors: kInvalidSpec for a sub-path that leads outside; kNotFound.
  // Source: open_tree(2), OPEN_TREE_CLONE; openat2(2), RESOLVE_BENEATH.
  Result<UniqueFd> OpenTree(const std::string& name, const Source& source,
                            const std::string& sub_path = {}) const;

  // Bytes on disk or in memory, for emptyDir limits. Errors: kNotFound.
  Result<std::uint64_t> ReadUsage(const std::string& name, const Source& source) const;

  // Removes all volumes that Prepare made; host paths stay. What is not there is success.
  Status RemoveAll();

 private:
  PodVolumes(Directories directories, std::string pod_uid)
      : directories_(std::move(directories)), pod_uid_(std::move(pod_uid)) {}
  std::string FolderOf(const std::string& name, const Source& source) const;

  Directories directories_;
  std::string pod_uid_;
};

}  // namespace caisson::volume
