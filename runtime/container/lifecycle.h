// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/cgroup/oom_watch.h"
#include "runtime/cgroup/stats.h"
#include "runtime/spec/config.h"
#include "runtime/state/status.h"

namespace caisson::container {

// The verbs of an OCI runtime as functions. The program `caisson` and the pod's keeper call them
// alike. Whoever calls them must be single-threaded, and becomes the parent of the processes that
// Create, Run and Exec make: it reaps them (Pidfd::Reap). Descriptors in the option structs are
// borrowed raw numbers, -1 when not given; the caller keeps and closes them.

enum class CgroupDriver { kCgroupfs, kSystemd, kDisabled };
enum class Rootless { kAuto, kYes, kNo };

// What all verbs share.
struct Context {
  std::string root = "/run/caisson";  // absolute; one directory per container below it
  CgroupDriver cgroup_driver = CgroupDriver::kCgroupfs;
  Rootless rootless = Rootless::kAuto;
};

// What the process gets as 0, 1 and 2 when it has no terminal.
struct Stdio {
  int in = 0;
  int out = 1;
  int err = 2;
};

// The terminal's way to whoever holds its master end: one of the two when process.terminal.
struct Console {
  std::string socket_path;     // AF_UNIX stream: the master is sent there (SCM_RIGHTS)
  UniqueFd* master = nullptr;  // else the caller takes it here; untouched without a terminal
  // The caller shows what comes from the master on a terminal, which makes its own line ends.
  bool plain_line_ends = false;
  std::optional<spec::ConsoleSize> size;  // when the process does not say
};

struct CreateOptions {
  std::string id;
  std::string bundle;  // absolute
  // The configuration; when absent it is read from `config_path`, or from <bundle>/config.json.
  std::optional<spec::Config> config;
  std::string config_path;

  Stdio stdio;
  Console console;
  std::string pid_file;        // absolute; empty: none
  std::string pidfd_socket;    // AF_UNIX path that gets the pidfd; empty: none
  int preserve_fds = 0;        // descriptors 3 .. 3+n-1 of `extra_fds`, or of this process
  std::vector<int> extra_fds;  // when not empty: become 3, 4, ... in the process

  // Detached mount trees in place of paths: the root filesystem, and sources by index in mounts.
  int root_mount_fd = -1;
  std::map<std::size_t, int> mount_source_fds;
  // Namespaces to join in place of the configuration's entry of that type.
  std::map<spec::NamespaceType, int> namespace_fds;

  bool no_pivot = false;
  bool no_new_keyring = false;
  bool pass_listen_fds = false;  // LISTEN_FDS of this process's environment go on
  std::string notify_socket;     // NOTIFY_SOCKET on the host; empty: none
};

class NotifyRelay;
struct Opened;  // the container's directory and record, for who deletes it right away

struct Created {
  Created(Pidfd init_in, std::unique_ptr<Opened> opened_in);
  Created(const Created&) = delete;
  Created& operator=(const Created&) = delete;
  Created(Created&&) noexcept;
  Created& operator=(Created&&) noexcept;
  ~Created();
  Pidfd init;
  std::unique_ptr<Opened> opened;
  std::unique_ptr<NotifyRelay> notify;  // Run with a notify_socket: for the caller to wait on
};

// Makes the container and leaves its init waiting for Start. On failure nothing is left behind.
// Errors: kInvalidSpec; kAlreadyExists when the id is taken; others as the failing step's.
Result<Created> Create(const Context& context, const CreateOptions& options);

// Lets init become the user's program and waits until it has (or has failed to).
// Errors: kNotFound; kWrongState unless created; the step that failed in init.
// With a `notify_socket` (the service manager's NOTIFY_SOCKET) of a container that was created with
// one, it also waits until the program says that it is ready, and passes that on.
Status Start(const Context& context, const std::string& id, const std::string& notify_socket = {});

// Create and Start in one, cheaper than both.
Result<Created> Run(const Context& context, const CreateOptions& options);

// Signals init, or with `all` every process of the container.
// Errors: kNotFound; kWrongState when it does not run.
Status Kill(const Context& context, const std::string& id, int signal, bool all = false);

struct DeleteOptions {
  bool force = false;  // kill it first; and no error when it does not exist
  Deadline deadline = Deadline::After(std::chrono::seconds(10));
};
// Removes what was made for a stopped (or with `force` any) container: processes, cgroup, resctrl
// group, mounts, state, in this order, by the record and not by the configuration.
// Errors: kNotFound; kWrongState while it runs; kSystem ETIMEDOUT naming a process that cannot die.
Status Delete(const Context& context, const std::string& id, const DeleteOptions& options = {});
// The same for a container that this process has made and whose init it has reaped.
Status DeleteEnded(Created created, Deadline deadline);

struct ExecOptions {
  std::string id;
  // Makes the process, given the container's own to start from: its user, environment,
  // capabilities, limits and working directory. Absent when the container was created without one.
  std::function<Result<spec::Process>(std::optional<spec::Process> of_container)> make_process;
  Stdio stdio;
  Console console;
  std::string pid_file;
  std::string pidfd_socket;
  int preserve_fds = 0;
  std::vector<int> extra_fds;
  // "[CONTROLLER[,...]:]PATH" each: sub-cgroups of the container's to run in.
  std::vector<std::string> sub_cgroups;
  bool ignore_paused = false;
};

// Starts a process in a running container; returns once it has become the user's program.
// Errors: kNotFound (ENOENT: program) and kDenied (EACCES) decide 127 and 126; kWrongState.
Result<Pidfd> Exec(const Context& context, const ExecOptions& options);

Status Pause(const Context& context, const std::string& id);
Status Resume(const Context& context, const std::string& id);
Status Update(const Context& context, const std::string& id, const spec::Resources& resources);
// Lines for the container's resctrl group; an empty one stays as it is.
// Errors: kUnsupported for a container without linux.intelRdt, and without resctrl.
Status UpdateSchemata(const Context& context, const std::string& id,
                      const std::string& l3_cache_schema, const std::string& mem_bw_schema);

using state::ContainerStatus;

struct ContainerState {
  std::string id;
  ContainerStatus status = ContainerStatus::kStopped;
  pid_t pid = 0;  // host; 0 when stopped
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339
  uid_t owner_uid = 0;
  std::map<std::string, std::string, std::less<>> annotations;
};

// Errors: kNotFound.
Result<ContainerState> State(const Context& context, const std::string& id);
// All containers under the root, by id. One that is being made or removed at this moment may lack.
Result<std::vector<ContainerState>> List(const Context& context);
// Host pids of every process of the container.
Result<std::vector<pid_t>> Ps(const Context& context, const std::string& id);

// Figures of its cgroup. Errors: kWrongState when it does not run.
Result<cgroup::Stats> Stats(const Context& context, const std::string& id);
// Tells when it runs out of memory. Errors: kUnsupported without a memory controller.
Result<cgroup::OomWatch> WatchOom(const Context& context, const std::string& id);
// Its first process. Errors: kNotFound; kWrongState when it does not run.
Result<Pidfd> Init(const Context& context, const std::string& id);

}  // namespace caisson::container
