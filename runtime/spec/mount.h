// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/spec/id_mapping.h"

namespace caisson::spec {

struct Root {
  std::string path;  // as written: relative means relative to the bundle
  bool readonly = false;
};

// Source: runtime-spec 1.3, config.md, mounts.
struct Mount {
  std::string destination;  // as written; a relative one counts from "/"
  std::string type;         // may be empty with option "bind" or "rbind"
  std::string source;       // relative means relative to the bundle
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
};

}  // namespace caisson::spec
