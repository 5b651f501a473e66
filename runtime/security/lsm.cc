// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/lsm.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"

namespace caisson::security {
namespace {

constexpr char kOwnAttr[] = "proc/self/attr/apparmor/exec";
constexpr char kExecFile[] = "self/attr/exec";
constexpr char kKeyFile[] = "self/attr/keycreate";
constexpr std::size_t kMaxLabelBytes = 4095;  // the files take less than a page

std::string Under(const std::string& root, std::string_view path) {
  return root.ends_with('/') ? StrCat(root, path) : StrCat(root, "/", path);
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status CheckLabel(std::string_view field, std::string_view label) {
  for (const char c : label) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return Error(Code::kInvalidSpec, StrCat(field, ": has a control character"));
  }
  if (label.size() > kMaxLabelBytes)
    return Error(Code::kInvalidSpec, StrCat(field, ": longer than ", kMaxLabelBytes, " bytes"));
  return Ok();
}

}  // namespace

// Source: aa_is_enabled(2); selinux(8). SELinux without a loaded policy labels everything "kernel"
// and takes no label.
LsmHost DetectLsm(const std::string& root) {
  LsmHost host;
  const auto enabled = ReadFile(Under(root, "sys/module/apparmor/parameters/enabled"));
  host.apparmor = enabled && enabled->starts_with('Y');
  host.apparmor_own_attr = host.apparmor && Exists(Under(root, kOwnAttr));
  if (Exists(Under(root, "sys/fs/selinux/enforce"))) {
    const auto current = ReadFile(Under(root, "proc/self/attr/current"));
    host.selinux = current && !current->starts_with("kernel");
  }
  return host;
}

Result<LsmPlan> PlanLsm(const spec::Process& process, const std::string& root) {
  LsmPlan plan;
  if (process.apparmor_profile.empty() && process.selinux_label.empty()) return plan;
  CAISSON_TRY(CheckLabel("process.apparmorProfile", process.apparmor_profile));
  CAISSON_TRY(CheckLabel("process.selinuxLabel", process.selinux_label));
  const LsmHost host = DetectLsm(root);
  if (!process.apparmor_profile.empty()) {
    if (!host.apparmor) {
      return Error(Code::kUnsupported,
                   StrCat("process.apparmorProfile \"", process.apparmor_profile,
                          "\": AppArmor is not enabled"))
          .Hint("boot with apparmor=1 security=apparmor, or remove the profile");
    }
    plan.apparmor_profile = process.apparmor_profile;
    plan.apparmor_value = StrCat("exec ", process.apparmor_profile);
    plan.apparmor_file = host.apparmor_own_attr ? "self/attr/apparmor/exec" : "self/attr/exec";
  }
  if (!process.selinux_label.empty()) {
    if (!host.selinux) {
      return Error(Code::kUnsupported, StrCat("process.selinuxLabel \"", process.selinux_label,
                                              "\": SELinux is not enabled"))
          .Hint("boot with selinux=1, or remove the label");
    }
    plan.selinux_label = process.selinux_label;
  }
  return plan;
}

LsmView LsmPlan::view() const {
  LsmView view;
  if (!apparmor_value.empty()) {
    view.writes[view.count++] = {apparmor_file.c_str(), apparmor_value.c_str(),
                                 apparmor_value.size()};
  }
  if (!selinux_label.empty()) {
    view.writes[view.count++] = {kExecFile, selinux_label.c_str(), selinux_label.size()};
    // A key has the label of who makes it, and the container is to use its own.
    view.keyring = {kKeyFile, selinux_label.c_str(), selinux_label.size()};
  }
  return view;
}

Error LsmPlan::Explain(const StepFailure& failure) const {
  const bool apparmor = !apparmor_value.empty() && failure.item == 0;
  if (!apparmor) return ExplainSelinux(kExecFile, failure.sys_errno);
  Error error = SysError("write", StrCat("/proc/", apparmor_file), failure.sys_errno)
                    .Wrap(StrCat("process.apparmorProfile \"", apparmor_profile, "\""));
  if (failure.sys_errno == ENOENT)
    error = std::move(error).Hint("load the profile first: apparmor_parser -r FILE");
  return error;
}

Error LsmPlan::ExplainKeyring(int sys_errno) const { return ExplainSelinux(kKeyFile, sys_errno); }

Error LsmPlan::ExplainSelinux(const char* file, int sys_errno) const {
  Error error = SysError("write", StrCat("/proc/", file), sys_errno)
                    .Wrap(StrCat("process.selinuxLabel \"", selinux_label, "\""));
  if (sys_errno == EINVAL)
    return std::move(error).Hint("the loaded policy does not know this label");
  return error;
}

}  // namespace caisson::security
