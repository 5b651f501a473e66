// SPDX-License-Identifier: Apache-2.0

#include "runtime/cli/commands.h"

namespace caisson::cli {
namespace {

constexpr Option kCheckpointOptions[] = {
    {"image-path", "DIR", "where the image is kept"},
    {"work-path", "DIR", "where criu keeps its logs"},
    {"parent-path", "DIR", "an earlier image to build on"},
    {"leave-running", "", "let the container go on"},
    {"tcp-established", "", "allow open TCP connections"},
    {"tcp-skip-in-flight", "", "skip TCP connections that are being made"},
    {"ext-unix-sk", "", "allow external unix sockets"},
    {"shell-job", "", "allow shell jobs"},
    {"lazy-pages", "", "restore pages on demand"},
    {"status-fd", "FD", "where criu says that it is ready"},
    {"page-server", "ADDRESS:PORT", "a page server for the image"},
    {"file-locks", "", "keep file locks"},
    {"link-remap", "", "link unlinked files anew"},
    {"pre-dump", "", "dump memory only, and let the container go on"},
    {"manage-cgroups-mode", "MODE", "soft, full, strict or ignore"},
    {"empty-ns", "NAMESPACE", "make a namespace, but leave it empty"},
    {"auto-dedup", "", "remove pages that a later image holds"},
    {"help", "", "show this help", 'h'},
};

constexpr Option kRestoreOptions[] = {
    {"image-path", "DIR", "where the image is kept"},
    {"work-path", "DIR", "where criu keeps its logs"},
    {"bundle", "DIR", "the bundle", 'b'},
    {"detach", "", "do not wait for the container's process", 'd'},
    {"pid-file", "FILE", "write the process id to this file"},
    {"console-socket", "PATH", "AF_UNIX socket that gets the terminal's master descriptor"},
    {"no-pivot", "", "do not use pivot_root"},
    {"no-subreaper", "", "do not adopt orphans of the container"},
    {"tcp-established", "", "allow open TCP connections"},
    {"ext-unix-sk", "", "allow external unix sockets"},
    {"shell-job", "", "allow shell jobs"},
    {"file-locks", "", "keep file locks"},
    {"manage-cgroups-mode", "MODE", "soft, full, strict or ignore"},
    {"empty-ns", "NAMESPACE", "make a namespace, but leave it empty"},
    {"auto-dedup", "", "remove pages that were restored"},
    {"lazy-pages", "", "restore pages on demand"},
    {"lsm-profile", "TYPE:NAME", "the security label of the restored processes"},
    {"lsm-mount-context", "CONTEXT", "the security label of its mounts"},
    {"help", "", "show this help", 'h'},
};

Result<int> Refuse(const Invocation&) {
  return Error(Code::kUnsupported, "checkpoint and restore are not part of this build", ENOTSUP)
      .Hint("use a runtime with CRIU for containers that must be moved");
}

}  // namespace

const Command kCheckpoint = {
    .name = "checkpoint",
    .arguments = "CONTAINER",
    .summary = "not in this build: keep a running container in files",
    .options = kCheckpointOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Refuse,
};

const Command kRestore = {
    .name = "restore",
    .arguments = "CONTAINER",
    .summary = "not in this build: bring a container back from files",
    .options = kRestoreOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Refuse,
};

}  // namespace caisson::cli
