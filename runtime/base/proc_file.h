// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace caisson {

// Child zone. Files of a procfs that nobody else can mount over.

// Opens `path` beneath `proc_fd`, the root of a procfs: never through a link that leaves it, never
// onto another mount, and only when what was opened lies on procfs itself, so that a write cannot
// be sent to another file (CVE-2019-16884, CVE-2025-52881). Returns a descriptor or -errno; EXDEV
// for what is not procfs.
// Source: openat2(2), RESOLVE_BENEATH, RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS.
int OpenProcFile(int proc_fd, const char* path, int flags) noexcept;

// One write(2) to such a file. Returns errno.
int WriteProcFile(int proc_fd, const char* path, const char* value, std::size_t size) noexcept;

}  // namespace caisson
