// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::criu {

// What a container's standard streams were when it was dumped, by number, in a file beside the
// images. As runc writes it.
inline constexpr char kDescriptorsFile[] = "descriptors.json";

// What 0, 1 and 2 of a process are: "pipe:[1234]", the path of a file of the container, or for a
// file outside criu's name of it (mount and inode in hexadecimal) and its st_mode in octal:
// "file[1c:4]20666". Not its path: an image may come from anywhere, and must not name files of
// the host. Empty for one that is closed.
std::vector<std::string> StandardStreams(pid_t host_pid);

// Of a stream of that form, what criu calls it; empty when it is not from outside. A restored
// container gets another one in its place.
std::string OutsideName(std::string_view stream);
// The mode of a file outside, which criu wants its replacement to have; none for a pipe.
std::optional<mode_t> OutsideMode(std::string_view stream);

Status WriteDescriptors(const std::string& image_path, const std::vector<std::string>& streams);
// None when the image has no such file. Errors: kInvalidSpec naming it.
Result<std::vector<std::string>> ReadDescriptors(const std::string& image_path);

}  // namespace caisson::criu
