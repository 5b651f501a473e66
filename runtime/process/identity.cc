// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/identity.h"

#include <cerrno>
#include <cstdint>

namespace caisson::process {
namespace {

constexpr std::uint32_t kNoId = 0xFFFFFFFF;  // means "leave as it is" to the kernel

Error BadUser(std::string_view member, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("process.user.", member, ": ", what));
}

}  // namespace

Result<Identity> PlanIdentity(const spec::User& user, SetGroups set_groups) {
  if (user.uid == kNoId) return BadUser("uid", "4294967295 is not an id");
  if (user.gid == kNoId) return BadUser("gid", "4294967295 is not an id");
  for (const std::uint32_t gid : user.additional_gids) {
    if (gid == kNoId) return BadUser("additionalGids", "4294967295 is not an id");
  }
  if (user.umask.value_or(0) > 0777) return BadUser("umask", "is above 0777");
  const bool denied = set_groups == SetGroups::kDenied;
  if (denied && !user.additional_gids.empty())
    return Error(Code::kUnsupported,
                 "process.user.additionalGids: cannot set any additional groups in a rootless "
                 "container")
        .Hint("map a range of /etc/subgid, which newgidmap allows setgroups for");
  Identity identity;
  identity.uid = user.uid;
  identity.gid = user.gid;
  identity.groups = user.additional_gids.data();
  identity.group_count = user.additional_gids.size();
  identity.sets_groups = set_groups == SetGroups::kAllowed;
  if (user.umask) identity.umask = *user.umask;
  return identity;
}

Error ExplainIdentity(const Identity& identity, const StepFailure& failure) {
  constexpr std::string_view kHint = "map the id in linux.uidMappings and linux.gidMappings";
  const auto hinted = [&](Error error) {
    if (failure.sys_errno == EINVAL) return std::move(error).Hint(kHint);
    if (failure.sys_errno == EPERM)
      return std::move(error).Hint("run as root: changing ids takes CAP_SETUID and CAP_SETGID");
    return error;
  };
  switch (static_cast<IdentityStep>(failure.item)) {
    case IdentityStep::kGroups:
      return hinted(
          SysError("setgroups", StrCat(identity.group_count, " groups"), failure.sys_errno)
              .Wrap("process.user.additionalGids"));
    case IdentityStep::kGid:
      return hinted(
          SysError("setresgid", StrCat(identity.gid), failure.sys_errno).Wrap("process.user.gid"));
    case IdentityStep::kUid: break;
  }
  return hinted(
      SysError("setresuid", StrCat(identity.uid), failure.sys_errno).Wrap("process.user.uid"));
}

}  // namespace caisson::process
