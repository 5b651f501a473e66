// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/id_mapping.h"

namespace caisson::security {

// Who writes the maps of a new user namespace.
enum class IdMapWriter {
  kDirect,   // this process: it is privileged, or maps nothing but its own ids
  kHelpers,  // newuidmap(1) and newgidmap(1), which know /etc/subuid
};

// The maps of a new user namespace, checked and ready to write.
struct IdMapPlan {
  std::vector<spec::IdMapping> uids;
  std::vector<spec::IdMapping> gids;
  IdMapWriter writer = IdMapWriter::kDirect;
  bool deny_setgroups = false;  // the kernel demands it of an unprivileged writer of gid_map
};

// Who is asking: the caller's ids, and whether it may map what it likes (CAP_SETUID, CAP_SETGID).
struct IdMapCaller {
  uid_t uid = 0;
  gid_t gid = 0;
  bool privileged = true;
};
IdMapCaller CurrentIdMapCaller();

// Errors: kInvalidSpec naming the member ("linux.uidMappings[1]: ..."), for empty lists, size 0,
// ranges that overlap or leave 32 bits, and more than 340 entries.
// Source: user_namespaces(7), "User and group ID mappings".
Result<IdMapPlan> PlanIdMap(const std::vector<spec::IdMapping>& uids,
                            const std::vector<spec::IdMapping>& gids, const IdMapCaller& caller);

// The text of uid_map or gid_map: "container host size" lines.
std::string IdMapText(const std::vector<spec::IdMapping>& mappings);
// The opposite, for files of the kernel. Errors: kInvalidSpec with the line.
Result<std::vector<spec::IdMapping>> ParseIdMap(std::string_view text);

// The host's id of a container's id; nothing when it is not mapped.
std::optional<std::uint32_t> ToHostId(const std::vector<spec::IdMapping>& mappings,
                                      std::uint32_t container_id);

// Writes the maps of `host_pid`, a child of this process that sits in the new user namespace.
// Errors: with the hint to extend /etc/subuid or to install the helpers.
Status WriteIdMaps(const IdMapPlan& plan, pid_t host_pid);
// Reads them back: the helpers are programs of the host's, and what they wrote decides whose ids
// the container's are. Errors: kInternal when they are others.
Status VerifyIdMaps(const IdMapPlan& plan, pid_t host_pid);

}  // namespace caisson::security
