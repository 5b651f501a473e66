// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/cgroup_owner.h"

#include <algorithm>

#include "runtime/security/id_map.h"

namespace caisson::container {
namespace {

bool IsNew(const spec::Namespace* ns) { return ns != nullptr && ns->path.empty(); }

bool IsWritableCgroupMount(const spec::Mount& mount) {
  return mount.source == "cgroup" && mount.destination == "/sys/fs/cgroup" &&
         std::find(mount.options.begin(), mount.options.end(), "ro") == mount.options.end();
}

}  // namespace

std::optional<uid_t> CgroupOwner(const spec::Config& config) {
  if (!config.process) return std::nullopt;
  if (!IsNew(config.linux.FindNamespace(spec::NamespaceType::kCgroup))) return std::nullopt;
  if (std::none_of(config.mounts.begin(), config.mounts.end(), IsWritableCgroupMount))
    return std::nullopt;
  const uid_t uid = config.process->user.uid;
  const spec::Namespace* const user = config.linux.FindNamespace(spec::NamespaceType::kUser);
  if (user == nullptr) return uid;
  if (!user->path.empty()) return std::nullopt;  // its maps are not known here
  return security::ToHostId(config.linux.uid_mappings, uid);
}

}  // namespace caisson::container
