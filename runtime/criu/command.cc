// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/command.h"

#include "runtime/base/strings.h"

namespace caisson::criu {
namespace {

class CommandLine {
 public:
  CommandLine(const std::string& program, std::string_view verb)
      : words_{program, std::string(verb)} {}

  void Add(std::string_view option) { words_.emplace_back(option); }
  void Add(std::string_view option, std::string value) {
    words_.emplace_back(option);
    words_.push_back(std::move(value));
  }
  void AddIf(bool wanted, std::string_view option) {
    if (wanted) Add(option);
  }
  void AddUnlessEmpty(std::string_view option, const std::string& value) {
    if (!value.empty()) Add(option, value);
  }
  std::vector<std::string> Take() && { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void AddCommon(const Options& options, std::string_view log, CommandLine& line) {
  line.Add("--images-dir", options.image_path);
  line.Add("--work-dir", options.work_path);
  line.Add("--log-file", std::string(log));
  line.Add("-v4");
  line.AddIf(options.tcp_established, "--tcp-established");
  line.AddIf(options.ext_unix_sk, "--ext-unix-sk");
  line.AddIf(options.shell_job, "--shell-job");
  line.AddIf(options.file_locks, "--file-locks");
  line.AddIf(options.lazy_pages, "--lazy-pages");
  line.AddIf(options.auto_dedup, "--auto-dedup");
  if (options.empty_network) line.Add("--empty-ns", "net");
  // An optional argument, so it has to be in the same word.
  line.Add(options.manage_cgroups_mode.empty()
               ? std::string("--manage-cgroups")
               : StrCat("--manage-cgroups=", options.manage_cgroups_mode));
}

}  // namespace

std::vector<std::string> DumpCommand(const DumpOptions& options, const DumpSubject& subject) {
  CommandLine line(options.program, options.pre_dump ? "pre-dump" : "dump");
  line.Add("--tree", StrCat(subject.init_pid));
  AddCommon(options, kDumpLog, line);
  line.Add("--root", subject.rootfs);
  line.AddIf(options.leave_running, "--leave-running");
  line.AddIf(options.tcp_skip_in_flight, "--skip-in-flight");
  line.AddIf(options.link_remap, "--link-remap");
  // What changes from now on is found again by the next image.
  line.AddIf(options.pre_dump || !options.parent_path.empty(), "--track-mem");
  line.AddUnlessEmpty("--prev-images-dir", options.parent_path);
  if (!options.page_server_address.empty()) {
    line.Add("--page-server");
    line.Add("--address", options.page_server_address);
    line.Add("--port", options.page_server_port);
  }
  if (options.status_fd >= 0) line.Add("--status-fd", StrCat(options.status_fd));
  for (const ExternalMount& mount : subject.mounts)
    line.Add("--external", StrCat("mnt[", mount.destination, "]:", mount.destination));
  for (const std::string& external : subject.externals) line.Add("--external", external);
  return std::move(line).Take();
}

std::vector<std::string> RestoreCommand(const RestoreOptions& options,
                                        const RestoreSubject& subject) {
  CommandLine line(options.program, "restore");
  line.Add("--restore-detached");
  line.Add("--restore-sibling");
  line.Add("--pidfile", subject.pid_file);
  AddCommon(options, kRestoreLog, line);
  line.Add("--root", subject.rootfs);
  line.AddUnlessEmpty("--lsm-profile", options.lsm_profile);
  line.AddUnlessEmpty("--lsm-mount-context", options.lsm_mount_context);
  for (const ExternalMount& mount : subject.mounts)
    line.Add("--external", StrCat("mnt[", mount.destination, "]:", mount.source));
  for (const Inherited& inherited : subject.inherited)
    line.Add("--inherit-fd", StrCat("fd[", inherited.fd, "]:", inherited.name));
  for (const auto& [controllers, cgroup] : subject.cgroup_roots)
    line.Add("--cgroup-root", controllers.empty() ? cgroup : StrCat(controllers, ":", cgroup));
  return std::move(line).Take();
}

}  // namespace caisson::criu
