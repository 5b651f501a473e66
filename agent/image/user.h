// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

struct ResolvedUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids;  // sorted, without gid
  std::string name;                            // empty when /etc/passwd has none
  std::string home = "/";
};

// Turns an image's USER ("", "app", "1000", "app:www", "1000:1000") into numbers, by /etc/passwd
// and /etc/group of the image. Digits are always a number, never a name (CVE-2016-3697). The files
// are read inside `root`, only when regular, and up to a size; an absent file has no entries. With
// a group given there are no additional groups.
// Errors: kInvalidSpec for a number beyond 32 bits, a name that is in no file, or a file that is
// not regular or too large.
Result<ResolvedUser> ResolveUser(FdView root, std::string_view user);

}  // namespace caisson::image
