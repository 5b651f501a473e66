// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/security/lsm.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {{"help", "", "show this help", 'h'}};

enum class Verdict { kWorks, kLimited, kBroken };
struct Finding {
  Verdict verdict = Verdict::kWorks;
  std::string what;
  std::string remedy;
};

Finding CheckKernel() {
  utsname name{};
  ::uname(&name);
  const std::string release = name.release;
  const auto parts = Split(release, '.');
  const int major = parts.empty() ? 0 : ParseInt<int>(parts[0]).value_or(0);
  const int minor = parts.size() < 2 ? 0 : ParseInt<int>(parts[1]).value_or(0);
  constexpr int kOldestMajor = 5;
  constexpr int kOldestMinor = 14;
  if (major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor))
    return {Verdict::kWorks, StrCat("kernel ", release), ""};
  return {Verdict::kBroken, StrCat("kernel ", release, " is older than 5.14"),
          "boot a newer kernel"};
}

Finding CheckNamespaces() {
  for (const char* const type : {"mnt", "pid", "ipc", "uts", "net"}) {
    if (::access(StrCat("/proc/self/ns/", type).c_str(), F_OK) != 0)
      return {Verdict::kBroken, StrCat("this kernel has no ", type, " namespace"),
              "use a kernel that is built with it"};
  }
  std::string missing;
  for (const char* const type : {"user", "cgroup", "time"}) {
    if (::access(StrCat("/proc/self/ns/", type).c_str(), F_OK) != 0)
      missing.append(missing.empty() ? "" : ", ").append(type);
  }
  if (missing.empty()) return {Verdict::kWorks, "all kinds of namespaces", ""};
  return {Verdict::kLimited, StrCat("no namespaces of kind ", missing),
          "containers that ask for them will fail"};
}

Finding CheckUserNamespaces() {
  const auto most = ReadFile("/proc/sys/user/max_user_namespaces");
  if (most && ParseInt<std::int64_t>(Trim(*most)).value_or(1) == 0)
    return {Verdict::kLimited, "user namespaces are turned off",
            "set user.max_user_namespaces above 0"};
  const auto distribution = ReadFile("/proc/sys/kernel/unprivileged_userns_clone");
  if (distribution && Trim(*distribution) == "0")
    return {Verdict::kLimited, "user namespaces are for root only",
            "set kernel.unprivileged_userns_clone to 1 for rootless containers"};
  return {Verdict::kWorks, "user namespaces", ""};
}

Finding CheckCgroups() {
  const auto layout = cgroup::Layout::Detect();
  if (!layout)
    return {Verdict::kBroken, StrCat("cgroups: ", layout.error().message()),
            "mount a cgroup file system on /sys/fs/cgroup"};
  std::string missing;
  for (const char* const controller : {"memory", "cpu", "pids"}) {
    bool found = layout->FindV1(controller) != nullptr;
    if (!found && layout->V2() != nullptr) {
      const auto all = ReadFile(StrCat(layout->V2()->mount, "/cgroup.controllers"));
      found = all &&
              StrCat(" ", Trim(*all), " ").find(StrCat(" ", controller, " ")) != std::string::npos;
    }
    if (!found) missing.append(missing.empty() ? "" : ", ").append(controller);
  }
  const std::string mode = StrCat("cgroups, ", cgroup::NameOf(layout->mode));
  if (missing.empty()) return {Verdict::kWorks, mode, ""};
  return {Verdict::kLimited, StrCat(mode, ", without ", missing),
          "enable these controllers; limits of theirs will be refused"};
}

Finding CheckLsm() {
  const security::LsmHost host = security::DetectLsm();
  if (host.apparmor) return {Verdict::kWorks, "AppArmor", ""};
  if (host.selinux) return {Verdict::kWorks, "SELinux", ""};
  return {Verdict::kLimited, "neither AppArmor nor SELinux is on",
          "labels in a configuration will be refused"};
}

Finding CheckPrivileges() {
  if (::geteuid() == 0) return {Verdict::kWorks, "running as root", ""};
  for (const char* const helper : {"/usr/bin/newuidmap", "/usr/bin/newgidmap"}) {
    if (::access(helper, X_OK) != 0)
      return {Verdict::kLimited, StrCat("rootless, without ", helper),
              "install uidmap and give this user ranges in /etc/subuid and /etc/subgid"};
  }
  return {Verdict::kWorks, "rootless, with newuidmap and newgidmap", ""};
}

Finding CheckSeccomp() {
  if (::access("/proc/sys/kernel/seccomp/actions_avail", R_OK) == 0)
    return {Verdict::kWorks, "seccomp filters", ""};
  return {Verdict::kLimited, "no seccomp filters", "use a kernel with CONFIG_SECCOMP_FILTER"};
}

Result<int> Run(const Invocation&) {
  bool broken = false;
  std::string text;
  for (const auto& check : {CheckKernel, CheckNamespaces, CheckUserNamespaces, CheckCgroups,
                            CheckSeccomp, CheckLsm, CheckPrivileges}) {
    const Finding finding = check();
    broken = broken || finding.verdict == Verdict::kBroken;
    text.append(finding.verdict == Verdict::kWorks     ? "ok       "
                : finding.verdict == Verdict::kLimited ? "limited  "
                                                       : "broken   ");
    text.append(finding.what);
    if (!finding.remedy.empty()) text.append(" (try: ").append(finding.remedy).append(")");
    text.append("\n");
  }
  CAISSON_TRY(Print(text));
  return broken ? 1 : 0;
}

}  // namespace

const Command kDoctor = {
    .name = "doctor",
    .summary = "look at this host: what works, what does not, what to do",
    .options = kOptions,
    .run = Run,
};

}  // namespace caisson::cli
