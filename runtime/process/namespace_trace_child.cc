// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "runtime/base/trace.h"
#include "runtime/process/namespace_trace.h"

namespace caisson::process {

struct NamespaceKind {
  std::uint64_t flag;
  std::string_view name;
  const char* own;    // what setns(2) and unshare(2) change for a process
  const char* child;  // what a process cloned into new ones is in
};

namespace {

constexpr NamespaceKind kKinds[kNamespaceKinds] = {
    {CLONE_NEWUSER, "user", "user", "user"},
    {CLONE_NEWIPC, "ipc", "ipc", "ipc"},
    {CLONE_NEWUTS, "uts", "uts", "uts"},
    {CLONE_NEWNET, "net", "net", "net"},
    {CLONE_NEWPID, "pid", "pid_for_children", "pid"},
    {CLONE_NEWNS, "mnt", "mnt", "mnt"},
    {CLONE_NEWCGROUP, "cgroup", "cgroup", "cgroup"},
    {CLONE_NEWTIME, "time", "time_for_children", "time"},
};

constexpr std::size_t kDigits = 20;

// "net:[4026531840]". 0 when it cannot be read.
std::uint64_t ReadInode(int dir, const char* link) noexcept {
  char text[64];
  const ssize_t size = ::readlinkat(dir, link, text, sizeof text);
  std::uint64_t inode = 0;
  for (ssize_t i = 0; i < size; ++i)
    if (text[i] >= '0' && text[i] <= '9') inode = inode * 10 + static_cast<unsigned>(text[i] - '0');
  return inode;
}

class Decimal {
 public:
  explicit Decimal(std::uint64_t number) noexcept {
    do {
      digits_[--at_] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
  }
  std::string_view text() const noexcept { return {digits_ + at_, kDigits - at_}; }

 private:
  char digits_[kDigits];
  std::size_t at_ = kDigits;
};

// "net 4026531840->4026532214"
class Change {
 public:
  Change(std::string_view name, std::uint64_t before, std::uint64_t after) noexcept {
    const Decimal from(before);
    const Decimal to(after);
    for (const std::string_view part :
         {name, std::string_view(" "), from.text(), std::string_view("->"), to.text()})
      for (const char c : part) text_[used_++] = c;
  }
  std::string_view text() const noexcept { return {text_, used_}; }

 private:
  char text_[16 + 2 * kDigits] = {};
  std::size_t used_ = 0;
};

}  // namespace

NamespaceSnapshot::NamespaceSnapshot() noexcept {
  if (!TraceIsOn()) return;
  dir_ = ::open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (std::size_t i = 0; i < kNamespaceKinds && dir_ >= 0; ++i)
    before_[i] = ReadInode(dir_, kKinds[i].own);
}

NamespaceSnapshot::~NamespaceSnapshot() {
  const int saved = errno;
  if (dir_ >= 0) ::close(dir_);
  errno = saved;
}

template <class Tell>
void NamespaceSnapshot::ForEach(std::uint64_t flags, int now, const char* NamespaceKind::*link,
                                const Tell& tell) const noexcept {
  // The probe alone: whoever attached to it sees the process, and nobody has looked at inodes.
  if (dir_ < 0) tell("");
  for (std::size_t i = 0; i < kNamespaceKinds && dir_ >= 0; ++i) {
    if ((flags & kKinds[i].flag) == 0) continue;
    const Change change(kKinds[i].name, before_[i], ReadInode(now, kKinds[i].*link));
    tell(change.text());
  }
}

void NamespaceSnapshot::TraceSetns(std::uint64_t flags) const noexcept {
  ForEach(flags, dir_, &NamespaceKind::own,
          [](std::string_view text) { CAISSON_TRACE(ns_setns, text); });
}

void NamespaceSnapshot::TraceUnshare(std::uint64_t flags) const noexcept {
  ForEach(flags, dir_, &NamespaceKind::own,
          [](std::string_view text) { CAISSON_TRACE(ns_unshare, text); });
}

void NamespaceSnapshot::TraceClone(std::uint64_t flags, pid_t host_pid) const noexcept {
  if (flags == 0) return;
  char path[32] = "/proc/";
  const Decimal pid(static_cast<std::uint64_t>(host_pid));
  std::size_t used = std::strlen(path);
  for (const char c : pid.text()) path[used++] = c;
  for (const char c : std::string_view("/ns")) path[used++] = c;
  const int child = dir_ < 0 ? -1 : ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  ForEach(flags, child, &NamespaceKind::child,
          [](std::string_view text) { CAISSON_TRACE(ns_unshare, text); });
  if (child >= 0) ::close(child);
}

}  // namespace caisson::process
