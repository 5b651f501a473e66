// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/id_mapping.h"

namespace caisson::rootfs {

// A user namespace that exists only to carry mappings, as mount_setattr(2) wants them: ids of the
// file system (container_id) become ids of the host (host_id). Needs privileges on the host.
// Errors: those of clone3(2) and of writing uid_map and gid_map; kInvalidSpec for no mapping.
// Source: mount_setattr(2), MOUNT_ATTR_IDMAP, since 5.12.
Result<UniqueFd> MakeMappingNamespace(const std::vector<spec::IdMapping>& uids,
                                      const std::vector<spec::IdMapping>& gids);

// Puts the mappings of `user_namespace` on a detached tree that has none yet.
// Errors: kUnsupported with a hint when the file system cannot do it.
Status MapIds(FdView tree, FdView user_namespace, bool recursive, std::string_view shown_as);

}  // namespace caisson::rootfs
