// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/rootfs/box.h"

#include <dirent.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <algorithm>

#include "runtime/base/process.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/spec/example.h"

namespace caisson::test {
namespace {

struct Header {
  int sys_errno = 0;
  std::size_t item = 0;
};

void WriteOut(int fd, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t done = ::write(fd, at, size);
    if (done <= 0) ::_exit(3);
    at += done;
    size -= static_cast<std::size_t>(done);
  }
}

StepFailure Apply(const Box& box, rootfs::RootfsView& view) {
  if (const auto failure = rootfs::PrepareRoot(view); !failure.ok()) return failure;
  if (const auto failure = rootfs::MakeMounts(view); !failure.ok()) return failure;
  if (box.before_pivot) (void)box.before_pivot();
  if (const auto failure = rootfs::TurnRoot(view); !failure.ok()) return failure;
  return box.protect ? rootfs::ProtectRoot(view) : StepFailure();
}

[[noreturn]] void BeInside(const Box& box, rootfs::RootfsView view, int gate, int out,
                           const Box::Inside& inside) {
  char go = 0;
  if (::read(gate, &go, 1) != 1) ::_exit(2);
  if ((box.namespaces & CLONE_NEWUSER) != 0 && (::setgid(0) != 0 || ::setuid(0) != 0)) ::_exit(2);
  const StepFailure failure = Apply(box, view);
  const Header header{failure.sys_errno, failure.item};
  WriteOut(out, &header, sizeof header);
  if (failure.ok() && inside) {
    const std::string text = inside();
    WriteOut(out, text.data(), text.size());
  }
  ::_exit(0);
}

void WriteMaps(pid_t pid) {
  const std::string map = StrCat("0 ", kFirstHostId, " 65536\n");
  for (const char* file : {"uid_map", "gid_map"}) {
    const Status done = WriteFileAt(kCwd, StrCat("/proc/", pid, "/", file), map);
    if (!done) ADD_FAILURE() << done.error().message();
  }
}

}  // namespace

Box::Box()
    : config(spec::Example(false)),
      namespaces(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                 CLONE_NEWCGROUP) {
  config.root->path = "rootfs";
  if (Status made = MakeDirs(dir / "rootfs", 0755); !made) ADD_FAILURE() << made.error().message();
  (void)::chmod(dir.path().c_str(), 0755);
}

rootfs::RootfsContext Box::TakeContext() {
  rootfs::RootfsContext taken = std::move(context);
  context = rootfs::RootfsContext();
  taken.bundle = dir.path();
  taken.user_namespace = (namespaces & CLONE_NEWUSER) != 0;
  taken.new_network_namespace = (namespaces & CLONE_NEWNET) != 0;
  taken.cgroup_namespace = (namespaces & CLONE_NEWCGROUP) != 0;
  return taken;
}

Box::Outcome Box::Run(const Inside& inside) {
  auto plan = rootfs::PlanRootfs(config, TakeContext());
  if (!plan) return {plan.error(), ""};
  int gate[2];
  int out[2];
  if (::pipe2(gate, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    return {SysError("pipe", "-"), ""};
  clone_args args{};
  args.flags = namespaces;
  args.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) {
    ::close(gate[1]);
    BeInside(*this, plan->View(), gate[0], out[1], inside);
  }
  ::close(gate[0]);
  ::close(out[1]);
  const UniqueFd from(out[0]);
  if (pid < 0) return {SysError("clone3", "box"), ""};
  if ((namespaces & CLONE_NEWUSER) != 0) WriteMaps(static_cast<pid_t>(pid));
  WriteOut(gate[1], "x", 1);
  ::close(gate[1]);
  auto bytes = ReadFd(from, "box");
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  Header header;
  if (!bytes || bytes->size() < sizeof header)
    return {Error(Code::kInternal, "the box died before it said anything"), ""};
  ::memcpy(&header, bytes->data(), sizeof header);
  if (header.sys_errno != 0) return {plan->Explain({header.sys_errno, header.item}), ""};
  return {std::nullopt, bytes->substr(sizeof header)};
}

std::string Box::Look(const Inside& inside) {
  Outcome outcome = Run(inside);
  if (outcome.error) ADD_FAILURE() << outcome.error->ToString();
  return outcome.text;
}

Error Box::Refusal(const Inside& inside) {
  Outcome outcome = Run(inside);
  if (outcome.error) return *outcome.error;
  ADD_FAILURE() << "not refused: " << outcome.text;
  return Error(Code::kInternal, "not refused");
}

HostMount::HostMount(std::string path, unsigned long flags, unsigned long propagation)
    : path_(std::move(path)) {
  (void)MakeDirs(path_, 0755);
  if (::mount("tmpfs", path_.c_str(), "tmpfs", flags, "") != 0 ||
      ::mount("", path_.c_str(), "", propagation, "") != 0)
    ADD_FAILURE() << path_ << ": " << ::strerrorname_np(errno);
}
HostMount::~HostMount() { ::umount2(path_.c_str(), MNT_DETACH); }

std::string Mountinfo() {
  std::string out;
  const auto text = ReadFile("/proc/self/mountinfo");
  if (!text) return text.error().message();
  for (const auto line : Split(*text, '\n')) {
    const auto words = Split(line, ' ');
    if (words.size() < 10) continue;
    out.append(StrCat(words[4], " ", words[5]));
    std::size_t i = 6;
    for (; words[i] != "-"; ++i) out.append(StrCat(" ", words[i]));
    out.append(StrCat(" ", words[i + 1], " ", words[i + 2], " ", words[i + 3], "\n"));
  }
  return out;
}

std::string MountLine(const std::string& mount_point) {
  std::string found;
  const std::string text = Mountinfo();
  for (const auto line : Split(text, '\n')) {
    if (line.starts_with(StrCat(mount_point, " "))) found = line;
  }
  return found;
}

std::string ReadAll(const std::string& path) {
  const auto text = ReadFile(path);
  return text ? *text : StrCat("errno ", ::strerrorname_np(text.error().sys_errno()));
}

std::string WriteTo(const std::string& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return StrCat("errno ", ::strerrorname_np(errno));
  const ssize_t done = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  ::close(fd);
  return done == static_cast<ssize_t>(bytes.size()) ? "ok"
                                                    : StrCat("errno ", ::strerrorname_np(error));
}

std::string Describe(const std::string& path) {
  struct stat found;
  if (::lstat(path.c_str(), &found) < 0) return StrCat("errno ", ::strerrorname_np(errno));
  char mode[16];
  (void)::snprintf(mode, sizeof mode, "%o", found.st_mode & 07777);
  const std::string owner = StrCat(mode, " ", found.st_uid, ":", found.st_gid);
  const std::string number = StrCat(major(found.st_rdev), ":", minor(found.st_rdev), " ");
  switch (found.st_mode & S_IFMT) {
    case S_IFCHR: return StrCat("c ", number, owner);
    case S_IFBLK: return StrCat("b ", number, owner);
    case S_IFIFO: return StrCat("p ", owner);
    case S_IFDIR: return StrCat("d ", owner);
    case S_IFREG: return StrCat("f ", owner);
    case S_IFLNK: {
      char text[512];
      const ssize_t size = ::readlink(path.c_str(), text, sizeof text);
      return StrCat("l ", std::string_view(text, size < 0 ? 0 : static_cast<std::size_t>(size)));
    }
    default: return "?";
  }
}

std::string Names(const std::string& directory) {
  std::vector<std::string> names;
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return StrCat("errno ", ::strerrorname_np(errno));
  while (const dirent* const entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(stream);
  std::sort(names.begin(), names.end());
  return Join(names, " ");
}

}  // namespace caisson::test
