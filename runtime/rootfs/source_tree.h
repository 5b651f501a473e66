// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/rootfs/mount_options.h"
#include "runtime/spec/config.h"

namespace caisson::rootfs {

// A detached clone of what is mounted at a host path. RAII: closing it dissolves the tree.
// Errors: kNotFound, kDenied, with the path and a hint.
// Source: open_tree(2), OPEN_TREE_CLONE.
Result<UniqueFd> OpenSourceTree(const std::string& host_path, bool recursive);

// The same with attributes and propagation for all that was cloned.
Result<UniqueFd> OpenSourceTreeWith(const std::string& host_path, bool recursive, std::uint64_t set,
                                    std::uint64_t propagation);

// The same error with its hint, for an attempt that was made elsewhere.
Error SourceError(std::string_view host_path, int sys_errno);

Status SetTreeAttributes(FdView tree, const TreeAttributes& attributes, std::string_view shown_as);

// User namespaces for id-mapped mounts, one per set of mappings.
class MappingNamespaces {
 public:
  Result<FdView> For(const std::vector<spec::IdMapping>& uids,
                     const std::vector<spec::IdMapping>& gids);

 private:
  struct Entry {
    std::vector<spec::IdMapping> uids;
    std::vector<spec::IdMapping> gids;
    UniqueFd fd;
  };
  std::vector<Entry> made_;
};

}  // namespace caisson::rootfs
