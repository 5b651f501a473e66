// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/pipe.h"
#include "runtime/base/trace.h"
#include "runtime/container/birth.h"
#include "runtime/container/checkpoint.h"
#include "runtime/container/handover.h"
#include "runtime/container/opened.h"
#include "runtime/container/poststart.h"
#include "runtime/criu/descriptors.h"
#include "runtime/criu/log.h"

namespace caisson::container {
namespace {

constexpr char kPidFile[] = "restored.pid";

// The processes of the image become children of criu's parent. So criu is no program beside this
// one but a child of it, which waits until it is in the container's cgroup: what it forks is in it.
struct CriuChild {
  ChildGuard process;
  UniqueFd go;      // closing it without a word ends the child
  UniqueFd failed;  // a Failure, when it could not become criu
};
struct Failure {
  bool in_mounts = false;
  int sys_errno = 0;
};

struct CriuProgram {
  std::vector<std::string> argv;
  std::string rootfs;
};

// In a mount namespace of its own the root is made the mount point that criu asks for.
int PrepareMounts(const std::string& rootfs) {
  const char* const root = rootfs.c_str();
  if (::unshare(CLONE_NEWNS) < 0) return errno;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0) return errno;
  return ::mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) < 0 ? errno : 0;
}

[[noreturn]] void BecomeCriu(const CriuProgram& program, int go, int failed) {
  char word = 0;
  if (TEMP_FAILURE_RETRY(::read(go, &word, 1)) != 1) ::_exit(1);
  Failure failure{.in_mounts = true, .sys_errno = PrepareMounts(program.rootfs)};
  if (failure.sys_errno == 0) {
    std::vector<char*> argv;
    for (const std::string& text : program.argv) argv.push_back(const_cast<char*>(text.c_str()));
    argv.push_back(nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(argv[0], argv.data());
    failure = {.in_mounts = false, .sys_errno = errno};
  }
  (void)TEMP_FAILURE_RETRY(::write(failed, &failure, sizeof failure));
  ::_exit(1);
}

Result<CriuChild> ForkCriu(const CriuProgram& program) {
  CAISSON_ASSIGN(Pipe go, MakePipe("criu"));
  CAISSON_ASSIGN(Pipe failed, MakePipe("criu"));
  const pid_t pid = ::fork();
  if (pid < 0) return SysError("fork", program.argv[0]);
  if (pid == 0) {
    go.write_end.Reset();
    BecomeCriu(program, go.read_end.get(), failed.write_end.get());
  }
  CAISSON_ASSIGN(Pidfd child, Pidfd::Open(pid));
  return CriuChild{ChildGuard(std::move(child)), std::move(go.write_end),
                   std::move(failed.read_end)};
}

// Waits for criu, which ends when everything is restored.
Status FinishCriu(CriuChild child, const CriuProgram& program, const std::string& log) {
  CAISSON_TRY(WriteAll(child.go, "g", "pipe to criu"));
  Failure failure;
  const ssize_t got = TEMP_FAILURE_RETRY(::read(child.failed.get(), &failure, sizeof failure));
  CAISSON_ASSIGN(const auto ended, child.process.child().Reap(Deadline::Never()));
  (void)child.process.Disarm();
  if (got == sizeof failure && failure.in_mounts)
    return SysError("make a mount point of the root", program.rootfs, failure.sys_errno)
        .Hint("restore as root");
  if (got == sizeof failure) {
    Error error = SysError("run", program.argv[0], failure.sys_errno);
    if (failure.sys_errno != ENOENT) return error;
    return std::move(error).Hint("install criu, or give its path with --criu");
  }
  return criu::Judge("restore", *ended, log);
}

// Streams that led outside become ours. Criu takes only a file of the same kind and mode.
Status CheckReplaces(std::string_view kept, int number, int ours) {
  const auto wanted = criu::OutsideMode(kept);
  struct stat there {};
  if (!wanted || ::fstat(ours, &there) < 0 || there.st_mode == *wanted) return Ok();
  char mode[16];
  (void)std::snprintf(mode, sizeof mode, "%04o", *wanted & 07777);
  const std::string_view kind = S_ISREG(*wanted)   ? "a file"
                                : S_ISCHR(*wanted) ? "a character device"
                                                   : "of another kind";
  return Error(Code::kInvalidSpec,
               StrCat("descriptor ", number, " of the container was ", kind, " with mode ", mode))
      .Hint(S_ISCHR(*wanted) ? "give it /dev/null" : "redirect it to a file with that mode");
}

Result<std::vector<criu::Inherited>> InheritedStreams(const std::string& image_path,
                                                      const Stdio& stdio) {
  CAISSON_ASSIGN(const std::vector<std::string> kept, criu::ReadDescriptors(image_path));
  std::vector<criu::Inherited> inherited;
  const int ours[] = {stdio.in, stdio.out, stdio.err};
  for (std::size_t i = 0; i < kept.size() && i < 3; ++i) {
    const std::string name = criu::OutsideName(kept[i]);
    if (name.empty()) continue;
    CAISSON_TRY(CheckReplaces(kept[i], static_cast<int>(i), ours[i]));
    inherited.push_back({ours[i], name});
  }
  return inherited;
}

std::vector<std::pair<std::string, std::string>> CgroupRoots(const cgroup::Record& record) {
  std::vector<std::pair<std::string, std::string>> roots;
  for (const cgroup::Directory& directory : record.directories)
    roots.emplace_back(directory.version == cgroup::Version::kV2 ? "" : directory.controllers,
                       directory.path.substr(directory.MountPoint().size()));
  return roots;
}

// A root that was unpacked anew lacks the places that the runtime had made for mounts.
Status MakeMountPoints(const std::string& rootfs, const std::vector<criu::ExternalMount>& mounts) {
  CAISSON_ASSIGN(const UniqueFd root, OpenAt(kCwd, rootfs, O_PATH | O_DIRECTORY));
  for (const criu::ExternalMount& mount : mounts) {
    if (OpenInRoot(root, mount.destination, O_PATH)) continue;
    struct stat source {};
    if (::stat(mount.source.c_str(), &source) < 0) return SysError("stat", mount.source);
    const auto slash = mount.destination.rfind('/');
    CAISSON_ASSIGN(const UniqueFd folder,
                   MakeDirsInRoot(root, mount.destination.substr(0, slash), 0755));
    const std::string name = mount.destination.substr(slash + 1);
    if (S_ISDIR(source.st_mode) ? ::mkdirat(folder.get(), name.c_str(), 0755) < 0
                                : ::mknodat(folder.get(), name.c_str(), S_IFREG | 0644, 0) < 0)
      return SysError("make mount point", mount.destination);
  }
  return Ok();
}

// The namespace that takes the place of the one that was joined before; none when it is its own.
Result<UniqueFd> OpenJoinedNetwork(const spec::Config& config) {
  const auto* const network = config.linux.FindNamespace(spec::NamespaceType::kNetwork);
  if (network == nullptr || network->path.empty()) return UniqueFd();
  CAISSON_ASSIGN(const UniqueFd opened, OpenAt(kCwd, network->path, O_RDONLY));
  // Criu has to find it open.
  UniqueFd kept(::fcntl(opened.get(), F_DUPFD, 3));
  if (!kept.valid()) return SysError("dup", network->path);
  return kept;
}

}  // namespace

Status Birth::RestoreInit(const criu::RestoreOptions& options) {
  CAISSON_TRY(MakeCgroup());
  CAISSON_TRY(MakeResctrlGroup());
  const std::string pid_file = StrCat(context_.root, "/", options_.id, "/", kPidFile);
  criu::RestoreSubject subject{.rootfs = record_.rootfs,
                               .pid_file = pid_file,
                               .mounts = {},
                               .inherited = {},
                               .cgroup_roots = {}};
  CAISSON_ASSIGN(subject.inherited, InheritedStreams(options.image_path, options_.stdio));
  CAISSON_ASSIGN(const UniqueFd network, OpenJoinedNetwork(config_));
  if (network.valid()) subject.inherited.push_back({network.get(), criu::kNetworkKey});
  const cgroup::Record no_cgroup;
  const cgroup::Record& cgroup = cgroup_ ? cgroup_->record() : no_cgroup;
  subject.mounts = ExternalMounts(config_, options_.bundle, record_.rootfs, cgroup);
  CAISSON_TRY(MakeMountPoints(record_.rootfs, subject.mounts));
  subject.cgroup_roots = CgroupRoots(cgroup);
  const CriuProgram program{criu::RestoreCommand(options, subject), record_.rootfs};

  CAISSON_ASSIGN(CriuChild child, ForkCriu(program));
  if (cgroup_) CAISSON_TRY(EnterCgroup(child.process.child()));
  CAISSON_TRY(
      FinishCriu(std::move(child), program, StrCat(options.work_path, "/", criu::kRestoreLog)));
  return TakeRestored(pid_file);
}

Status Birth::TakeRestored(const std::string& pid_file) {
  CAISSON_ASSIGN(const std::string text, ReadFile(pid_file));
  const auto pid = ParseInt<pid_t>(Trim(text));
  if (!pid) return Error(Code::kInternal, StrCat(pid_file, ": no pid: ", text));
  CAISSON_ASSIGN(Pidfd init, Pidfd::Open(*pid));
  launched_.emplace(launch::Launched{ChildGuard(std::move(init)),
                                     sync::Channel(UniqueFd(), sync::Sequence({})), UniqueFd()});
  record_.init_pid = *pid;
  CAISSON_ASSIGN(record_.init_start_time, ReadStartTime(*pid));
  record_.phase = state::Phase::kCreated;
  CAISSON_TRY(directory_.WriteRecord(record_));
  if (resctrl_) CAISSON_TRY(resctrl_->Join(*pid));
  CAISSON_TRY(WritePidFile(options_.pid_file, *pid));
  CAISSON_TRY(SendPidfd(options_.pidfd_socket, launched_->child.child()));
  hooks_ran_ = true;
  return RunPoststartHooks(config_, record_);
}

Result<Created> Restore(const Context& context, const CreateOptions& options,
                        const criu::RestoreOptions& criu_options) {
  CAISSON_ASSIGN(const auto birth, Birth::Begin(context, options));
  CAISSON_TRY(birth->RestoreInit(criu_options));
  return birth->Finish();
}

}  // namespace caisson::container
