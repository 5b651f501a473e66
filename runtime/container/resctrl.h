// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/linux.h"

namespace caisson::container {

// linux.intelRdt: the container's group of the resource control file system, and the group in it
// that counts what the container uses. A folder of plain files stands in for the mount in tests.
// Source: runtime-spec 1.3, config-linux.md, IntelRdt; kernel filesystems/resctrl.rst.
class Resctrl {
 public:
  // Where the file system is mounted, /sys/fs/resctrl or elsewhere.
  // Errors: kUnsupported with a hint when it is not.
  static Result<std::string> FindRoot();

  // Errors: kUnsupported when `root` is no such file system; kInvalidSpec for a closID that is no
  // name, and for one without schemata that does not exist.
  static Result<Resctrl> Plan(const spec::IntelRdt& config, const std::string& container_id,
                              std::string root);

  // What goes with the container: its own group, when closID names none and there is none by its
  // id, and its monitoring group. A group that closID names stays, whoever made it.
  std::vector<std::string> Owned() const;

  // Makes what is missing and writes the schemata. A group that closID names may be others', so its
  // l3CacheSchema and memBwSchema are compared and not written.
  // Errors: kInvalidSpec when they differ; those of mkdir(2) and write(2) with what the kernel
  // says.
  Status Make() const;

  // Puts a process there.
  Status Join(pid_t host_pid) const;

  // Other schemata for the group, one line each; an empty one stays.
  Status Change(const std::string& l3_cache_schema, const std::string& mem_bw_schema) const;

 private:
  Resctrl(const spec::IntelRdt& config, std::string root)
      : config_(config), root_(std::move(root)) {}
  Status CheckSame() const;
  Status Write(const std::string& lines, std::string_view field) const;
  Result<bool> MakeDirectory(const std::string& path, std::string_view field) const;
  Error WithStatus(Error error) const;

  spec::IntelRdt config_;
  std::string root_;
  std::string group_;
  std::string monitor_;  // empty: none
  bool exists_ = false;
};

}  // namespace caisson::container
