// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/namespaces.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/path.h"
#include "runtime/process/namespace_trace.h"

namespace caisson::process {
namespace {

using spec::NamespaceType;

// A user namespace first, since it owns what is made after it; the mount namespace late, since it
// changes what paths mean.
constexpr std::array<NamespaceType, spec::kNamespaceTypes> kOrder = {
    NamespaceType::kUser, NamespaceType::kIpc,   NamespaceType::kUts,    NamespaceType::kNetwork,
    NamespaceType::kPid,  NamespaceType::kMount, NamespaceType::kCgroup, NamespaceType::kTime};

std::uint64_t Flag(NamespaceType type) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(spec::CloneFlagOf(type)));
}

Error BadNamespace(std::size_t index, const spec::Namespace& ns, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("linux.namespaces[", index, "]: ", NameOf(ns.type),
                                          " namespace \"", ns.path, "\": ", what));
}

// Errors: kInvalidSpec when the file is no namespace, or one of another type.
Status CheckType(const UniqueFd& fd, std::size_t index, const spec::Namespace& ns) {
  const int flag = ::ioctl(fd.get(), NS_GET_NSTYPE);
  if (flag == spec::CloneFlagOf(ns.type)) return Ok();
  if (flag < 0) return BadNamespace(index, ns, "not a namespace");
  return BadNamespace(index, ns, "a namespace of another type");
}

// Entering the namespace that one is in already does nothing, or for a user namespace fails.
bool IsOwn(const UniqueFd& fd, NamespaceType type) {
  struct stat theirs {};
  struct stat own {};
  const std::string path = StrCat("/proc/self/ns/", ProcNameOf(type));
  return ::fstat(fd.get(), &theirs) == 0 && ::stat(path.c_str(), &own) == 0 &&
         theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino;
}

Result<UniqueFd> OpenNamespace(std::size_t index, const spec::Namespace& ns,
                               const GivenNamespaces& given) {
  const auto there = given.find(ns.type);
  if (there != given.end()) {
    UniqueFd copy(::fcntl(there->second, F_DUPFD_CLOEXEC, 3));
    if (!copy.valid())
      return SysError("dup", StrCat(NameOf(ns.type), " namespace"))
          .Wrap(StrCat("linux.namespaces[", index, "]"));
    return copy;
  }
  auto opened = OpenAt(kCwd, ns.path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (opened) return opened;
  const bool gone = opened.error().code() == Code::kNotFound;
  Error error = std::move(opened).error().Wrap(StrCat("linux.namespaces[", index, "].path"));
  if (!gone) return error;
  return std::move(error).Hint("the process or mount that held the namespace has ended");
}

Status CheckTimeOffsets(const spec::Linux& linux_config, const NamespacePlan& plan) {
  if (linux_config.time_offsets.empty()) return Ok();
  if ((plan.create_flags & CLONE_NEWTIME) != 0) return Ok();
  return Error(Code::kInvalidSpec, "linux.timeOffsets: need a new time namespace")
      .Hint("add {\"type\": \"time\"} to linux.namespaces");
}

// The user namespace that owns a namespace, or that a user namespace was made in. Invalid above the
// caller's own.
UniqueFd OwnerOf(const UniqueFd& ns, unsigned long relation) {
  return UniqueFd(::ioctl(ns.get(), relation));
}

bool IsSame(const UniqueFd& one, const UniqueFd& other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one.get(), &a) == 0 && ::fstat(other.get(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// Whether who has entered `user` has rights over `ns`: it belongs to it or to one made below it.
bool BelongsTo(const UniqueFd& ns, const UniqueFd& user) {
  for (UniqueFd owner = OwnerOf(ns, NS_GET_USERNS); owner.valid();
       owner = OwnerOf(owner, NS_GET_PARENT)) {
    if (IsSame(owner, user)) return true;
  }
  return false;
}

// Entering a user namespace takes away the rights over all that does not belong to it, so that is
// entered before. Source: setns(2): CAP_SYS_ADMIN in the user namespace that owns the other one.
void PutUserInItsPlace(NamespacePlan& plan) {
  if (!plan.Joins(NamespaceType::kUser)) return;
  std::size_t user = 0;  // the first of the order
  for (std::size_t i = 1; i < plan.joins.size(); ++i) {
    if (BelongsTo(plan.owned[i], plan.owned[user])) continue;
    const auto move_before_user = [user, i](auto& list) {
      const auto at = [&list](std::size_t n) {
        return list.begin() + static_cast<std::ptrdiff_t>(n);
      };
      std::rotate(at(user), at(i), at(i + 1));
    };
    move_before_user(plan.joins);
    move_before_user(plan.paths);
    move_before_user(plan.owned);
    ++user;
  }
}

void DecideStages(NamespacePlan& plan) {
  const bool makes_user = (plan.create_flags & CLONE_NEWUSER) != 0;
  const bool joins_user = plan.Joins(NamespaceType::kUser);
  plan.needs_stage1 =
      joins_user || (makes_user && !plan.joins.empty()) || !plan.time_offsets.empty();
  if (plan.needs_stage1 || !plan.Joins(NamespaceType::kPid)) return;
  for (std::size_t i = 0; i < plan.joins.size(); ++i) {
    if (plan.joins[i].clone_flag != CLONE_NEWPID) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    plan.pid_detour = plan.joins[i];
    plan.joins.erase(plan.joins.begin() + at);
    plan.paths.erase(plan.paths.begin() + at);
    return;
  }
}

}  // namespace

bool NamespacePlan::Creates(NamespaceType type) const {
  if (type == NamespaceType::kTime && !time_offsets.empty()) return true;
  return (create_flags & Flag(type)) != 0;
}

bool NamespacePlan::Joins(NamespaceType type) const {
  const int flag = spec::CloneFlagOf(type);
  if (pid_detour && pid_detour->clone_flag == flag) return true;
  return std::any_of(joins.begin(), joins.end(),
                     [&](const NamespaceJoin& join) { return join.clone_flag == flag; });
}

int NamespacePlan::JoinedUser() const {
  const auto user = std::find_if(joins.begin(), joins.end(), [](const NamespaceJoin& join) {
    return join.clone_flag == CLONE_NEWUSER;
  });
  return user == joins.end() ? -1 : user->fd;
}

std::uint64_t NamespacePlan::private_flags() const {
  std::uint64_t flags = 0;
  for (const NamespaceType type : kOrder) {
    if (Creates(type) || Joins(type)) flags |= Flag(type);
  }
  return flags;
}

Error NamespacePlan::Explain(const StepFailure& failure) const {
  const std::string path =
      failure.item < paths.size() ? paths[failure.item] : std::string("namespaces");
  Error error = SysError("setns", path, failure.sys_errno).Wrap("linux.namespaces");
  if (failure.sys_errno == EPERM)
    return std::move(error).Hint(
        "the namespace belongs to a user namespace in which this runtime has no CAP_SYS_ADMIN: "
        "join that user namespace too");
  return error;
}

Result<NamespacePlan> PlanNamespaces(const spec::Linux& linux_config,
                                     const GivenNamespaces& given) {
  NamespacePlan plan;
  std::uint64_t seen = 0;
  for (const NamespaceType type : kOrder) {
    for (std::size_t i = 0; i < linux_config.namespaces.size(); ++i) {
      const spec::Namespace& ns = linux_config.namespaces[i];
      if (ns.type != type) continue;
      if ((seen & Flag(type)) != 0) return BadNamespace(i, ns, "given twice");
      seen |= Flag(type);
      if (ns.path.empty() && !given.contains(type)) {
        plan.create_flags |= Flag(type);
        continue;
      }
      CAISSON_ASSIGN(UniqueFd fd, OpenNamespace(i, ns, given));
      CAISSON_TRY(CheckType(fd, i, ns));
      if (IsOwn(fd, type)) continue;
      plan.joins.push_back({.clone_flag = spec::CloneFlagOf(type), .fd = fd.get()});
      plan.paths.push_back(ns.path.empty() ? StrCat("given ", NameOf(type), " namespace")
                                           : ns.path);
      plan.owned.push_back(std::move(fd));
    }
  }
  CAISSON_TRY(CheckTimeOffsets(linux_config, plan));
  if (!linux_config.time_offsets.empty()) {
    plan.time_offsets = TimeOffsetsText(linux_config.time_offsets);
    plan.create_flags &= ~std::uint64_t{CLONE_NEWTIME};
  }
  PutUserInItsPlace(plan);
  DecideStages(plan);
  return plan;
}

std::string TimeOffsetsText(const std::vector<spec::TimeOffset>& offsets) {
  std::string text;
  for (const spec::TimeOffset& offset : offsets)
    text += StrCat(offset.clock, " ", offset.secs, " ", offset.nanosecs, "\n");
  return text;
}

Error ExplainTimeOffsets(int sys_errno) {
  Error error = SysError("write", "/proc/self/timens_offsets", sys_errno).Wrap("linux.timeOffsets");
  if (sys_errno == ERANGE)
    return std::move(error).Hint("choose offsets that keep each clock above zero");
  if (sys_errno == EPERM || sys_errno == EACCES)
    return std::move(error).Hint("setting clocks takes CAP_SYS_TIME in the user namespace");
  return error;
}

Result<PidNamespaceDetour> PidNamespaceDetour::Enter(const NamespaceJoin& pid) {
  CAISSON_ASSIGN(UniqueFd own, OpenAt(kCwd, "/proc/self/ns/pid", O_RDONLY));
  const NamespaceSnapshot before;
  if (::setns(pid.fd, CLONE_NEWPID) != 0) return SysError("setns", "pid namespace");
  before.TraceSetns(CLONE_NEWPID);
  return PidNamespaceDetour(std::move(own));
}

PidNamespaceDetour::~PidNamespaceDetour() {
  // Cannot fail for one's own: whoever may enter the other one may come back.
  if (own_.valid()) (void)::setns(own_.get(), CLONE_NEWPID);
}

}  // namespace caisson::process
