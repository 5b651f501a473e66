// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/sysctl.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace caisson::process {
namespace {

constexpr std::size_t kMaxValueBytes = 4095;  // the kernel takes less than a page

constexpr std::array<std::string_view, 8> kIpcKeys = {
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

Error BadKey(std::string_view key, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("linux.sysctl: \"", key, "\" ", what));
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Which namespace isolates the key (of `normalised` form); 0: none does.
std::uint64_t OwnerOf(std::string_view key) {
  if (std::find(kIpcKeys.begin(), kIpcKeys.end(), key) != kIpcKeys.end()) return CLONE_NEWIPC;
  if (key.starts_with("fs.mqueue.")) return CLONE_NEWIPC;
  if (key.starts_with("net.")) return CLONE_NEWNET;
  if (key.starts_with("user.")) return CLONE_NEWUSER;
  if (key == "kernel.domainname" || key == "kernel.hostname") return CLONE_NEWUTS;
  return 0;
}

std::string_view NameOf(std::uint64_t namespace_flag) {
  switch (namespace_flag) {
    case CLONE_NEWIPC: return "ipc";
    case CLONE_NEWNET: return "network";
    case CLONE_NEWUSER: return "user";
    default: return "uts";
  }
}

char Swapped(char c) { return c == '.' ? '/' : c == '/' ? '.' : c; }

// "net.ipv4.conf.eth0/100.x" is the file net/ipv4/conf/eth0.100/x.
std::string FileOf(std::string_view normalised) {
  std::string file(normalised);
  std::transform(file.begin(), file.end(), file.begin(), Swapped);
  return file;
}

bool IsPlainPath(std::string_view file) {
  for (const std::string_view part : Split(file, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

Status CheckSysctl(std::string_view key, std::string_view value, std::uint64_t private_namespaces) {
  if (HasControl(key)) return BadKey("?", "a key has a control character");
  if (HasControl(value)) return BadKey(key, "has a control character in its value");
  if (value.size() > kMaxValueBytes) return BadKey(key, "has a value of a page or more");
  const std::string normalised = NormaliseSysctlKey(key);
  if (!IsPlainPath(FileOf(normalised))) return BadKey(key, "is not a name of a kernel parameter");
  const std::uint64_t owner = OwnerOf(normalised);
  if (owner == 0) return BadKey(key, "is not in a separate kernel namespace");
  if ((private_namespaces & owner) == 0)
    return BadKey(key, StrCat("is not allowed in the host's ", NameOf(owner), " namespace"));
  if (normalised == "kernel.hostname")
    return BadKey(key, "is not allowed as it conflicts with the OCI \"hostname\" field");
  return Ok();
}

}  // namespace

std::string NormaliseSysctlKey(std::string_view key) {
  std::string normalised(key);
  const auto first = key.find_first_of("./");
  if (first != std::string_view::npos && key[first] == '/')
    std::transform(normalised.begin(), normalised.end(), normalised.begin(), Swapped);
  return normalised;
}

Result<SysctlPlan> PlanSysctls(const spec::StringMap& sysctls, std::uint64_t private_namespaces) {
  SysctlPlan plan;
  for (const auto& [key, value] : sysctls) {
    CAISSON_TRY(CheckSysctl(key, value, private_namespaces));
    plan.keys.push_back(key);
    plan.files.push_back(StrCat("sys/", FileOf(NormaliseSysctlKey(key))));
    plan.values.push_back(value);
  }
  return plan;
}

std::vector<SysctlStep> SysctlPlan::steps() const {
  std::vector<SysctlStep> steps;
  for (std::size_t i = 0; i < keys.size(); ++i)
    steps.push_back({files[i].c_str(), values[i].c_str(), values[i].size()});
  return steps;
}

Error SysctlPlan::Explain(const StepFailure& failure) const {
  if (failure.item >= keys.size()) return SysError("open", "/proc", failure.sys_errno);
  Error error = SysError("write", StrCat("/proc/", files[failure.item]), failure.sys_errno)
                    .Wrap(StrCat("linux.sysctl \"", keys[failure.item], "\""));
  switch (failure.sys_errno) {
    case ENOENT: return std::move(error).Hint("this kernel does not have it: load its module");
    case EINVAL: return std::move(error).Hint("the kernel does not take this value");
    case EXDEV: return std::move(error).Hint("something is mounted over it");
    default: return error;
  }
}

}  // namespace caisson::process
