// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace caisson::rootfs {

// Child zone. Copies what is in the directory `from` into the directory `to` (both may be O_PATH):
// directories, files, links and special files, with owner, mode and times; no extended attributes,
// no hard links; `to` itself stays as it is. 0 or an errno; ELOOP beyond 64 levels.
int CopyTree(int from, int to) noexcept;

}  // namespace caisson::rootfs
