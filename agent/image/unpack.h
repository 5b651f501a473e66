// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

struct archive;

namespace caisson::image {

// What the entries of an archive mean.
enum class UnpackAs {
  kLayer,  // a layer of an image: owners, modes, devices, capabilities kept; whiteouts remove
  kFiles,  // plain contents of an archive: files, directories and links, owned by us, mode 0600
};

// Where an entry's path starts in the archive ("/srv/rootfs" when a directory is read), and how
// errors name it.
struct UnpackSource {
  archive* entries = nullptr;
  std::string strip_prefix;
  std::string shown_as;
};

// Unpacks into the directory `root`. Every path is resolved inside it, so neither ".." nor a
// symlink of the archive or of what is there leads outside; the last part is never followed. What
// an entry meets in its place is replaced, a directory by a directory merged. Returns the bytes of
// the regular files.
// Errors: kInvalidSpec naming the entry; kSystem.
// Source: image-spec, layer.md, applying changesets.
Result<std::uint64_t> Unpack(FdView root, const UnpackSource& source, UnpackAs as);

}  // namespace caisson::image
