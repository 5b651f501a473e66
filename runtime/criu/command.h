// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace caisson::criu {

// What checkpoint and restore have in common. The names are those of runc's options.
// Source: criu(8); runc-checkpoint(8), runc-restore(8).
struct Options {
  std::string program = "criu";  // a path, or a name to look for in PATH
  std::string image_path;        // absolute, exists
  std::string work_path;         // absolute, exists: logs
  bool tcp_established = false;
  bool ext_unix_sk = false;
  bool shell_job = false;
  bool file_locks = false;
  bool lazy_pages = false;
  bool auto_dedup = false;
  bool empty_network = false;
  std::string manage_cgroups_mode;  // soft, full, strict, ignore; empty: criu's own choice
};

struct DumpOptions : Options {
  bool leave_running = false;
  bool pre_dump = false;  // memory only; the container goes on
  bool tcp_skip_in_flight = false;
  bool link_remap = false;
  std::string parent_path;          // an earlier image, relative to image_path
  std::string page_server_address;  // with its port; empty: none
  std::string page_server_port;
  int status_fd = -1;  // criu's number, and ours; -1: none
};

struct RestoreOptions : Options {
  std::string lsm_profile;
  std::string lsm_mount_context;
};

// A mount whose content comes from outside the container: where it is inside, and what lies there.
struct ExternalMount {
  std::string destination;
  std::string source;
  friend bool operator==(const ExternalMount&, const ExternalMount&) = default;
};

// A descriptor that takes the place of something outside, by criu's name of it: a network
// namespace's key, "pipe:[1234]", "file[1c:4]".
struct Inherited {
  int fd = -1;
  std::string name;
};

// The name by which an external network namespace goes from a dump to the restore. As runc's.
inline constexpr char kNetworkKey[] = "extRootNetNS";

struct DumpSubject {
  pid_t init_pid = 0;
  std::string rootfs;
  std::vector<ExternalMount> mounts;
  std::vector<std::string> externals;  // "net[4026532000]:KEY", "file[1c:4]"
};
std::vector<std::string> DumpCommand(const DumpOptions& options, const DumpSubject& subject);

struct RestoreSubject {
  std::string rootfs;    // a mount point
  std::string pid_file;  // absolute; gets init's host pid
  std::vector<ExternalMount> mounts;
  std::vector<Inherited> inherited;
  // {controllers, cgroup} for each hierarchy; "" as the controllers means v2.
  std::vector<std::pair<std::string, std::string>> cgroup_roots;
};
// Init becomes a child of whoever started criu, which ends when all is restored.
std::vector<std::string> RestoreCommand(const RestoreOptions& options,
                                        const RestoreSubject& subject);

inline constexpr char kDumpLog[] = "dump.log";
inline constexpr char kRestoreLog[] = "restore.log";

}  // namespace caisson::criu
