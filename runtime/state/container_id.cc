// SPDX-License-Identifier: Apache-2.0
#include "runtime/state/container_id.h"

#include <algorithm>
#include <climits>

namespace caisson::state {

Status CheckId(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c >= '+' && c <= '.');
  };
  const bool well_formed = !id.empty() && id.size() <= NAME_MAX && id != "." && id != ".." &&
                           std::all_of(id.begin(), id.end(), allowed);
  if (well_formed) return Ok();
  if (id.empty()) return Error(Code::kInvalidSpec, "container id cannot be empty");
  constexpr std::size_t kMaxShown = 64;
  return Error(Code::kInvalidSpec,
               StrCat("invalid container ID format: \"", id.substr(0, kMaxShown),
                      id.size() > kMaxShown ? "...\"" : "\""))
      .Hint("use letters, digits and _ + , - . and at most 255 of them");
}

}  // namespace caisson::state
