// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <csignal>

#include "runtime/base/socket.h"
#include "tests/support/in_child.h"
#include "tests/unit/security/bpf_interpreter.h"

namespace caisson::security {
namespace {

using test::Ask;
using test::InChild;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t Errno(std::uint32_t err) { return SECCOMP_RET_ERRNO | err; }

spec::Seccomp Allowing() {
  spec::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  return profile;
}

// Denies all but what `names` lists.
spec::Seccomp Denying(std::vector<std::string> names) {
  spec::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  profile.syscalls.push_back({.names = std::move(names), .action = "SCMP_ACT_ALLOW"});
  return profile;
}

SeccompFilter Compiled(const spec::Seccomp& profile) {
  auto filter = CompileSeccomp(profile);
  if (!filter) {
    ADD_FAILURE() << filter.error().ToString();
    return {};
  }
  return std::move(*filter);
}

std::string Sentence(const spec::Seccomp& profile) {
  const auto filter = CompileSeccomp(profile);
  return filter ? "no error" : filter.error().message();
}

// Loads the filter in a child and returns errno of what `call` does under it, or "0".
std::string Under(const spec::Seccomp& profile, long (*call)()) {
  const SeccompFilter filter = Compiled(profile);
  const auto child = InChild([&]() -> std::string {
    if (SetNoNewPrivileges() != 0) return "no_new_privs";
    if (const int err = LoadSeccomp(filter.view()); err != 0) return StrCat("load ", err);
    const long result = call();
    const int err = errno;
    return result < 0 ? StrCat(err) : "0";
  });
  if (child.status.signal != 0) return StrCat("signal ", child.status.signal);
  return child.said;
}

long GetPpid() { return ::syscall(SYS_getppid); }

TEST(CompileSeccomp, ErrnoRuleAnswersWithItsNumberInTheKernel) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_ERRNO", .errno_ret = 95});

  EXPECT_EQ(Under(profile, GetPpid), "95");
}

TEST(CompileSeccomp, ErrnoWithoutNumberIsEperm) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_ERRNO"});

  EXPECT_EQ(Under(profile, GetPpid), StrCat(EPERM));
}

TEST(CompileSeccomp, KillAndTrapEndTheProcessWithSigsys) {
  for (const char* action :
       {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"}) {
    SCOPED_TRACE(action);
    spec::Seccomp profile = Allowing();
    profile.syscalls.push_back({.names = {"getppid"}, .action = action});

    EXPECT_EQ(Under(profile, GetPpid), StrCat("signal ", SIGSYS));
  }
}

TEST(CompileSeccomp, TraceWithoutATracerIsEnosysAndLogLetsThrough) {
  spec::Seccomp traced = Allowing();
  traced.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_TRACE", .errno_ret = 7});
  spec::Seccomp logged = Allowing();
  logged.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_LOG"});

  EXPECT_EQ(Under(traced, GetPpid), StrCat(ENOSYS));
  EXPECT_EQ(Under(logged, GetPpid), "0");
  EXPECT_EQ(Ask(Compiled(traced).program, AUDIT_ARCH_X86_64, SYS_getppid), SECCOMP_RET_TRACE | 7u);
}

TEST(CompileSeccomp, EveryOperatorComparesAsTheSpecificationSays) {
  struct Case {
    const char* op;
    std::uint64_t value;
    std::uint64_t value_two;
    std::uint64_t hit;
    std::uint64_t miss;
  };
  for (const Case& c : {Case{"SCMP_CMP_NE", 5, 0, 6, 5}, Case{"SCMP_CMP_LT", 5, 0, 4, 5},
                        Case{"SCMP_CMP_LE", 5, 0, 5, 6}, Case{"SCMP_CMP_EQ", 5, 0, 5, 6},
                        Case{"SCMP_CMP_GE", 5, 0, 5, 4}, Case{"SCMP_CMP_GT", 5, 0, 6, 5},
                        Case{"SCMP_CMP_EQ", 1ull << 40, 0, 1ull << 40, 0},
                        Case{"SCMP_CMP_MASKED_EQ", 0xF0, 0x30, 0x3A, 0x4A}}) {
    SCOPED_TRACE(c.op);
    spec::Seccomp profile = Allowing();
    profile.syscalls.push_back(
        {.names = {"personality"},
         .action = "SCMP_ACT_ERRNO",
         .args = {{.index = 0, .value = c.value, .value_two = c.value_two, .op = c.op}}});
    const std::string program = Compiled(profile).program;

    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_personality, c.hit), Errno(EPERM));
    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_personality, c.miss), kAllow);
  }
}

TEST(CompileSeccomp, TwoConditionsOnOneArgumentAreAlternatives) {
  spec::Seccomp profile = Denying({"read"});
  profile.syscalls.push_back({.names = {"personality"},
                              .action = "SCMP_ACT_ALLOW",
                              .args = {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"},
                                       {.index = 0, .value = 8, .op = "SCMP_CMP_EQ"}}});
  const std::string program = Compiled(profile).program;

  EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_personality, 0), kAllow);
  EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_personality, 8), kAllow);
  EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_personality, 1), Errno(EPERM));
}

TEST(CompileSeccomp, NewerThanAnyNamedIsEnosysOnEveryArchitecture) {
  const std::string program = Compiled(Denying({"read", "openat2"})).program;
  constexpr std::uint32_t kOpenat2 = 437;
  constexpr std::uint32_t kX32 = 0x40000000;

  for (const auto& [arch, bit] : {std::pair(std::uint32_t{AUDIT_ARCH_X86_64}, 0u),
                                  std::pair(std::uint32_t{AUDIT_ARCH_X86_64}, kX32),
                                  std::pair(std::uint32_t{AUDIT_ARCH_I386}, 0u)}) {
    SCOPED_TRACE(StrCat(arch, " ", bit));
    EXPECT_EQ(Ask(program, arch, kOpenat2 | bit), kAllow);
    EXPECT_EQ(Ask(program, arch, (kOpenat2 - 1) | bit), Errno(EPERM));
    EXPECT_EQ(Ask(program, arch, (kOpenat2 + 1) | bit), Errno(ENOSYS));
  }
}

TEST(CompileSeccomp, ArchitectureThatIsNotListedIsKilled) {
  spec::Seccomp profile = Denying({"read"});
  profile.architectures = {"SCMP_ARCH_X86_64"};
  const std::string program = Compiled(profile).program;

  EXPECT_EQ(Ask(program, AUDIT_ARCH_I386, 1), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, 0x40000000u | 1), SECCOMP_RET_KILL_THREAD);
}

TEST(CompileSeccomp, AllowingDefaultLetsNewerCallsThrough) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_ERRNO"});

  EXPECT_EQ(Ask(Compiled(profile).program, AUDIT_ARCH_X86_64, 4000), kAllow);
}

TEST(CompileSeccomp, CallsNewerThanTheLibraryAreKnownByNumber) {
  spec::Seccomp profile = Denying({"read", "file_getattr"});  // Linux 6.17
  profile.syscalls.push_back(
      {.names = {"open_tree_attr"}, .action = "SCMP_ACT_ERRNO", .errno_ret = 77});
  const std::string program = Compiled(profile).program;
  constexpr std::uint32_t kX32 = 0x40000000;

  for (const std::uint32_t bit : {0u, kX32}) {
    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, 468 | bit), kAllow);
    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, 467 | bit), Errno(77));
    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, 466 | bit), Errno(EPERM));
    EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, 469 | bit), Errno(ENOSYS));
  }
  EXPECT_EQ(Ask(program, AUDIT_ARCH_I386, 468), kAllow);
  EXPECT_EQ(Ask(program, AUDIT_ARCH_X86_64, SYS_read), kAllow);
}

TEST(CompileSeccomp, UnknownCallsAreSkippedAndTold) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"frobnicate", "getppid"}, .action = "SCMP_ACT_ERRNO"});

  const SeccompFilter filter = Compiled(profile);

  EXPECT_THAT(filter.unknown, ElementsAre("frobnicate"));
  EXPECT_EQ(Ask(filter.program, AUDIT_ARCH_X86_64, SYS_getppid), Errno(EPERM));
}

TEST(CompileSeccomp, FlagsBecomeThoseOfTheSystemCall) {
  spec::Seccomp profile = Allowing();
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                   "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  EXPECT_EQ(Compiled(profile).flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);

  profile.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_NOTIFY"});
  EXPECT_EQ(Sentence(profile),
            "linux.seccomp.listenerPath: is needed for SCMP_ACT_NOTIFY in syscalls[0]");
  profile.listener_path = "/run/agent";
  EXPECT_EQ(Compiled(profile).flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                                         SECCOMP_FILTER_FLAG_NEW_LISTENER | 1u << 5);
}

TEST(CompileSeccomp, MistakesNameTheMember) {
  spec::Seccomp profile = Allowing();
  profile.default_action = "SCMP_ACT_MAYBE";
  EXPECT_EQ(Sentence(profile), "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_MAYBE\"");
  profile.default_action = "SCMP_ACT_NOTIFY";
  EXPECT_EQ(Sentence(profile),
            "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action");

  profile = Allowing();
  profile.default_errno_ret = 1;
  EXPECT_EQ(Sentence(profile),
            "linux.seccomp.defaultErrnoRet: given, but SCMP_ACT_ALLOW carries no number");
  profile = Allowing();
  profile.architectures = {"SCMP_ARCH_Z80"};
  EXPECT_EQ(Sentence(profile),
            "linux.seccomp.architectures[0]: unknown architecture \"SCMP_ARCH_Z80\"");
  profile = Allowing();
  profile.flags = {"SECCOMP_FILTER_FLAG_FAST"};
  EXPECT_EQ(Sentence(profile), "linux.seccomp.flags[0]: unknown flag \"SECCOMP_FILTER_FLAG_FAST\"");
}

TEST(CompileSeccomp, MistakesInARuleNameItsPlace) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"read"}, .action = "SCMP_ACT_ERRNO"});
  auto& args = profile.syscalls[0].args;

  args = {{.index = 6, .op = "SCMP_CMP_EQ"}};
  EXPECT_EQ(Sentence(profile),
            "linux.seccomp.syscalls[0].args[0].index: a system call has arguments 0 to 5");
  args = {{.index = 0, .op = "=="}};
  EXPECT_EQ(Sentence(profile), "linux.seccomp.syscalls[0].args[0].op: unknown operator \"==\"");
  args.clear();
  profile.syscalls[0].errno_ret = 4096;
  EXPECT_EQ(Sentence(profile), "linux.seccomp.syscalls[0].errnoRet: 4096 is over 4095");
}

TEST(LoadSeccomp, WithoutNoNewPrivsAndAdminSaysWhatToDo) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"getppid"}, .action = "SCMP_ACT_ERRNO"});
  const SeccompFilter filter = Compiled(profile);

  const auto child = InChild([&]() -> std::string {
    if (::geteuid() == 0 && ::setresuid(1234, 1234, 1234) != 0) return "setresuid";
    return ExplainSeccomp(filter, LoadSeccomp(filter.view())).ToString();
  });

  EXPECT_THAT(child.said, HasSubstr("linux.seccomp: seccomp \""));
  EXPECT_THAT(child.said,
              HasSubstr("Permission denied (EACCES) (try: set process.noNewPrivileges"));
}

// Answers one notification; false when none came in time.
bool AnswerOne(const UniqueFd& listener, int number, std::int64_t value) {
  pollfd entry{listener.get(), POLLIN, 0};
  if (::poll(&entry, 1, 10'000) != 1) return false;
  seccomp_notif request{};
  if (::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return false;
  seccomp_notif_resp response{};
  response.id = request.id;
  response.val = value;
  return request.data.nr == number &&
         ::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

TEST(LoadSeccomp, ListenerArrivesEvenWhenTheCallsThatSendItAreNotified) {
  spec::Seccomp profile = Allowing();
  profile.syscalls.push_back({.names = {"getppid", "sendmsg", "sendto", "writev", "futex", "close"},
                              .action = "SCMP_ACT_NOTIFY"});
  profile.listener_path = "/run/agent";
  const SeccompFilter filter = Compiled(profile);
  auto pair = SeqpacketPair();
  ASSERT_TRUE(pair);
  auto& [ours, theirs] = *pair;

  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr char kHello[] = {'h', 'i'};
    if (SetNoNewPrivileges() != 0) ::_exit(90);
    const ListenerHandover handover{.socket = theirs.get(), .message = kHello, .size = 2};
    if (LoadSeccomp(filter.view(), handover) != 0) ::_exit(91);
    ::_exit(::syscall(SYS_getppid) == 4242 ? 0 : 92);
  }
  theirs.Reset();
  auto packet = ReceivePacket(ours, 64);
  ASSERT_TRUE(packet) << packet.error().message();
  EXPECT_EQ(packet->bytes, "hi");
  ASSERT_EQ(packet->fds.size(), 1u);
  EXPECT_TRUE(AnswerOne(packet->fds[0], SYS_getppid, 4242));
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ContainerProcessState, IsTheObjectOfTheSpecification) {
  EXPECT_EQ(ContainerProcessState(42, "A=\"b\"", "{\"id\":\"x\"}"),
            "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":42,"
            "\"metadata\":\"A=\\\"b\\\"\",\"state\":{\"id\":\"x\"}}");
  EXPECT_THAT(ContainerProcessState(42, "", "{}"), testing::Not(HasSubstr("metadata")));
}

}  // namespace
}  // namespace caisson::security
