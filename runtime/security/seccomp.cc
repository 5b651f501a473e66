// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>

#include "runtime/base/file.h"
#include "runtime/security/seccomp_names.h"
#include "runtime/security/seccomp_optimize.h"
#include "runtime/security/seccomp_prologue.h"

namespace caisson::security {
namespace {

constexpr std::uint32_t kMaxArgs = 6;
constexpr std::size_t kOptimizeFrom = 32;  // rules; below it a list is as fast as a tree

struct ContextDeleter {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, ContextDeleter>;

Error BadField(std::string_view field, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("linux.seccomp.", field, ": ", what));
}

// Without errnoRet the spec's default for ERRNO and TRACE is EPERM.
Result<std::uint32_t> Action(std::string_view field, const std::string& name,
                             const std::optional<std::uint32_t>& errno_ret,
                             std::string_view errno_field) {
  if (errno_ret && !ActionTakesData(name))
    return BadField(errno_field, StrCat("given, but ", name, " carries no number"));
  constexpr std::uint32_t kMaxErrno = 4095;
  if (errno_ret && *errno_ret > kMaxErrno)
    return BadField(errno_field, StrCat(*errno_ret, " is over ", kMaxErrno));
  const auto number = ActionNumber(name, static_cast<std::uint16_t>(errno_ret.value_or(EPERM)));
  if (!number) return BadField(field, StrCat("unknown action \"", name, "\""));
  return *number;
}

Result<std::vector<scmp_arg_cmp>> Conditions(const spec::SeccompSyscall& call,
                                             const std::string& field) {
  std::vector<scmp_arg_cmp> conditions;
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const spec::SeccompArg& arg = call.args[i];
    const std::string member = StrCat(field, ".args[", i, "]");
    if (arg.index >= kMaxArgs)
      return BadField(member + ".index", "a system call has arguments 0 to 5");
    const auto op = OperatorNumber(arg.op);
    if (!op) return BadField(member + ".op", StrCat("unknown operator \"", arg.op, "\""));
    conditions.push_back({.arg = arg.index,
                          .op = static_cast<scmp_compare>(*op),
                          .datum_a = arg.value,
                          .datum_b = arg.value_two});
  }
  return conditions;
}

bool SameArgumentTwice(const std::vector<scmp_arg_cmp>& conditions) {
  std::uint32_t seen = 0;
  for (const scmp_arg_cmp& condition : conditions) {
    const std::uint32_t bit = 1u << condition.arg;
    if ((seen & bit) != 0) return true;
    seen |= bit;
  }
  return false;
}

// Turns one profile into one filter.
class Compiler {
 public:
  explicit Compiler(const spec::Seccomp& profile) : profile_(profile) {}

  Result<SeccompFilter> Run() {
    CAISSON_TRY(Open());
    CAISSON_TRY(AddArchitectures());
    CAISSON_TRY(AddFlags());
    for (std::size_t i = 0; i < profile_.syscalls.size(); ++i)
      CAISSON_TRY(AddSyscall(profile_.syscalls[i], StrCat("syscalls[", i, "]")));
    return Export();
  }

 private:
  Status Open() {
    CAISSON_ASSIGN(default_action_, Action("defaultAction", profile_.default_action,
                                           profile_.default_errno_ret, "defaultErrnoRet"));
    if (default_action_ == SCMP_ACT_NOTIFY)
      return BadField("defaultAction", "SCMP_ACT_NOTIFY cannot be the default action");
    context_.reset(::seccomp_init(default_action_));
    if (context_ == nullptr)
      return Error(Code::kUnsupported,
                   StrCat("linux.seccomp.defaultAction: this kernel does not know ",
                          profile_.default_action));
    (void)::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0);
    std::size_t rules = 0;
    for (const auto& call : profile_.syscalls) rules += call.names.size();
    // An older libseccomp has no tree; the list it makes then is only slower.
    if (rules > kOptimizeFrom)
      (void)::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return Ok();
  }

  Status AddArchitectures() {
    limits_.push_back({.token = ::seccomp_arch_native()});
    for (std::size_t i = 0; i < profile_.architectures.size(); ++i) {
      const std::string& name = profile_.architectures[i];
      const std::string field = StrCat("architectures[", i, "]");
      const auto token = ArchitectureToken(name);
      if (!token) return BadField(field, StrCat("unknown architecture \"", name, "\""));
      if (*token == kNoSuchArchitecture) continue;
      const int added = ::seccomp_arch_add(context_.get(), *token);
      // The other byte order is another machine's, whose calls no process makes here.
      if (added == -EEXIST || added == -EDOM) continue;
      if (added < 0)
        return SysError("seccomp_arch_add", name, -added).Wrap(StrCat("linux.seccomp.", field));
      limits_.push_back({.token = *token});
    }
    return Ok();
  }

  Status AddFlags() {
    for (std::size_t i = 0; i < profile_.flags.size(); ++i) {
      const auto flag = FlagNumber(profile_.flags[i]);
      if (!flag)
        return BadField(StrCat("flags[", i, "]"),
                        StrCat("unknown flag \"", profile_.flags[i], "\""));
      filter_.flags |= *flag;
    }
    return Ok();
  }

  Status AddSyscall(const spec::SeccompSyscall& call, const std::string& field) {
    CAISSON_ASSIGN(const std::uint32_t action,
                   Action(field + ".action", call.action, call.errno_ret, field + ".errnoRet"));
    CAISSON_ASSIGN(const std::vector<scmp_arg_cmp> conditions, Conditions(call, field));
    if (action == SCMP_ACT_NOTIFY) filter_.notifies = true;
    if (action == SCMP_ACT_NOTIFY && profile_.listener_path.empty())
      return BadField("listenerPath", StrCat("is needed for SCMP_ACT_NOTIFY in ", field));
    for (const std::string& name : call.names) {
      if (name.empty()) return BadField(field + ".names", "an empty name");
      const int number = ::seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        AddNewSyscall(name, action, conditions.empty());
        continue;
      }
      // It would work here, but a profile that runc refuses must not seem to be portable.
      if (action == SCMP_ACT_NOTIFY && name == "write")
        return BadField(field, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
      NoteLargest(name);
      if (action == default_action_) continue;
      // Each takes an instruction at least, and libseccomp's time grows with their square.
      if (!conditions.empty() && ++conditional_rules_ > BPF_MAXINSNS) return TooLong();
      CAISSON_TRY(AddRules(number, name, action, conditions), "linux.seccomp.", field);
    }
    return Ok();
  }

  // Several conditions on one argument cannot stand in one rule; each becomes a rule of its own,
  // that is "or" instead of "and", as runc does it.
  Status AddRules(int number, const std::string& name, std::uint32_t action,
                  const std::vector<scmp_arg_cmp>& conditions) {
    const auto add = [&](const scmp_arg_cmp* first, std::size_t count) -> Status {
      const int added = ::seccomp_rule_add_array(context_.get(), action, number,
                                                 static_cast<unsigned>(count), first);
      if (added == 0 || added == -EEXIST) return Ok();
      return SysError("seccomp_rule_add", name, -added);
    };
    if (!SameArgumentTwice(conditions)) return add(conditions.data(), conditions.size());
    for (const scmp_arg_cmp& condition : conditions) CAISSON_TRY(add(&condition, 1));
    return Ok();
  }

  void NoteLargest(const std::string& name) {
    for (ArchitectureLimit& limit : limits_) {
      const int number = ::seccomp_syscall_resolve_name_arch(limit.token, name.c_str());
      if (number < 0) continue;
      limit.largest_in_filter =
          std::max(limit.largest_in_filter, static_cast<std::uint32_t>(number));
    }
  }

  void AddNewSyscall(const std::string& name, std::uint32_t action, bool unconditional) {
    bool known = false;
    for (ArchitectureLimit& limit : limits_) {
      const auto number = NewSyscallNumber(name, limit.token);
      if (!number || !unconditional) continue;
      known = true;
      limit.rules.push_back({.number = *number, .action = action});
    }
    if (!known) filter_.unknown.push_back(name);
  }

  // Rules that ended up below what the filter decides are the filter's.
  void SettleLimits() {
    for (ArchitectureLimit& limit : limits_) {
      limit.largest = limit.largest_in_filter;
      std::erase_if(limit.rules, [&](const NewSyscallRule& rule) {
        return rule.number <= limit.largest_in_filter;
      });
      for (const NewSyscallRule& rule : limit.rules)
        limit.largest = std::max(limit.largest, rule.number);
    }
  }

  NewerSyscalls Newer() const {
    const std::string& action = profile_.default_action;
    // These let a newer call through on purpose; a tracer deals with it itself.
    const bool passes =
        action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG" || action == "SCMP_ACT_TRACE";
    return passes ? NewerSyscalls::kDefault : NewerSyscalls::kEnosys;
  }

  static Error TooLong() {
    return BadField("syscalls", "the program is longer than the kernel takes (4096 instructions)");
  }

  Result<SeccompFilter> Export() {
    const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file.valid()) return SysError("memfd_create", "seccomp");
    const int exported = ::seccomp_export_bpf(context_.get(), file.get());
    if (exported < 0) return SysError("seccomp_export_bpf", "linux.seccomp", -exported);
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return SysError("lseek", "seccomp program");
    CAISSON_ASSIGN(const std::string program, ReadFd(file, "seccomp program"));
    SettleLimits();
    filter_.program = OptimizeFilter(SeccompPrologue(limits_, Newer()) + program);
    if (filter_.program.size() / sizeof(sock_filter) > BPF_MAXINSNS) return TooLong();
    if (filter_.notifies)
      filter_.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    else
      filter_.flags &= ~*FlagNumber("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
    return std::move(filter_);
  }

  const spec::Seccomp& profile_;
  Context context_;
  std::uint32_t default_action_ = 0;
  std::size_t conditional_rules_ = 0;
  std::vector<ArchitectureLimit> limits_;
  SeccompFilter filter_;
};

}  // namespace

SeccompView SeccompFilter::view() const {
  return {.program = program.data(),
          .instructions = static_cast<std::uint16_t>(program.size() / sizeof(sock_filter)),
          .flags = flags};
}

Result<SeccompFilter> CompileSeccomp(const spec::Seccomp& profile) {
  return Compiler(profile).Run();
}

Error ExplainSeccomp(const SeccompFilter& filter, int sys_errno) {
  Error error = SysError("seccomp", StrCat(filter.view().instructions, " instructions"), sys_errno)
                    .Wrap("linux.seccomp");
  if (sys_errno == EACCES)
    return std::move(error).Hint("set process.noNewPrivileges, or give the runtime CAP_SYS_ADMIN");
  if (sys_errno == EBUSY)
    return std::move(error).Hint("a filter with a listener is loaded already; only one can be");
  if (sys_errno == EAGAIN && filter.notifies)
    return std::move(error).Hint("raise the pids limit: handing the listener over takes a thread");
  return error;
}

}  // namespace caisson::security
