// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

struct archive_entry;

namespace caisson::image {

// One entry of an archive with its names checked.
struct Entry {
  std::string folder;  // "" or "usr/bin": no leading '/', no "." and no ".."
  std::string name;    // "" for the root itself
  mode_t mode = 0;     // type and permissions; type 0 for a hard link
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t device = 0;
  std::int64_t size = 0;
  timespec modified{};
  std::optional<std::string> hard_link;  // checked like a path: "usr/bin/other"
  std::string symlink;                   // as it is
  std::vector<std::pair<std::string, std::string>> xattrs;

  std::string path() const { return folder.empty() ? name : folder + "/" + name; }
};

// Errors: kInvalidSpec naming the entry and what is wrong.
Result<Entry> ReadEntry(archive_entry* entry, const std::string& strip_prefix);

}  // namespace caisson::image
