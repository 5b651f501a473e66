// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::network {

// Sysctls of the node that the pod network changed, with what they were, so that its removal leaves
// the node as it was. Names are paths under /proc/sys: "net/ipv4/ip_forward". They act on the
// network namespace of the calling thread. Thread-compatible: one owner at a time.
class SysctlRecord {
 public:
  // Reads what an earlier agent of this boot recorded in `directory`/sysctls.
  static Result<SysctlRecord> Open(const std::string& directory, const std::string& boot_id);

  // Writes the value if it is another one; what was there is on disk before.
  // Errors: kDenied or EROFS, with the command for the operator as the hint.
  Status Set(const std::string& name, const std::string& value);

  // Puts back what still is as we set it, and forgets the record.
  Status Restore();

 private:
  struct Change {
    std::string name;
    std::string before;
    std::string set;
  };
  SysctlRecord(UniqueFd directory, std::string boot_id)
      : directory_(std::move(directory)), boot_id_(std::move(boot_id)) {}
  Status Save() const;

  UniqueFd directory_;
  std::string boot_id_;
  std::vector<Change> changes_;
};

// Writes a sysctl that goes with an interface of ours, so that nothing has to be put back.
Status WriteSysctl(const std::string& name, const std::string& value);

}  // namespace caisson::network
