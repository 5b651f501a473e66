// SPDX-License-Identifier: Apache-2.0
// What stands between a container and the runtime, and what a crash leaves.
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <iterator>

#include "tests/integration/lifecycle/fixture.h"
#include "tests/support/in_child.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

// For the caller and all that it starts, this kernel has no PR_SET_MM.
bool ForbidSetMm() {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_MM, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {.len = std::size(code), .filter = code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

class Safety : public Lifecycle {
 protected:
  // CVE-2019-5736: a waiting init is the runtime's own program. An attacker keeps a handle of it
  // and opens that for writing once nobody executes the file any more. Gives the errno of that.
  int TryToWriteTheRuntime(const std::string& waiting) {
    const std::string exe = StrCat("/proc/", caisson_.PidOf(waiting), "/exe");
    const UniqueFd handle(::open(exe.c_str(), O_PATH | O_CLOEXEC));
    EXPECT_TRUE(handle.valid());
    EXPECT_TRUE(caisson_.Run({"delete", "--force", waiting}).status.ok());
    const UniqueFd opened(::open(FdPath(handle).c_str(), O_WRONLY | O_CLOEXEC));
    return opened.valid() ? 0 : errno;
  }
};

TEST_F(Safety, TheRuntimesBinaryCannotBeOpenedForWriting) {
  const std::string id = caisson_.Id("exe");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());

  EXPECT_EQ(TryToWriteTheRuntime(id), EROFS);
}

TEST_F(Safety, TheRuntimesBinaryIsSealedWhereItCannotBeMappedAgain) {
  const std::string id = caisson_.Id("exe");

  const ChildResult made = InChild([&]() -> std::string {
    if (!ForbidSetMm()) return "no filter";
    if (::prctl(PR_SET_MM, PR_SET_MM_MAP, 0, 0, 0) == 0 || errno != EINVAL) return "no refusal";
    const CommandOutput created = caisson_.RunDetached({"create", "-b", bundle_.path(), id});
    return created.status.ok() ? "" : caisson_.DetachedErrors();
  });

  ASSERT_EQ(made.said, "");
  EXPECT_EQ(TryToWriteTheRuntime(id), EROFS);
}

// The program that maps itself again must go on being described as before.
TEST_F(Safety, AWaitingInitHasTheCommandLineOfItsCreator) {
  const std::string id = caisson_.Id("line");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());
  const std::string proc = StrCat("/proc/", caisson_.PidOf(id));

  const auto line = ReadFile(proc + "/cmdline");
  const auto environment = ReadFile(proc + "/environ");

  ASSERT_TRUE(line && environment);
  EXPECT_THAT(*line, HasSubstr(std::string("create\0-b\0", 10) + bundle_.path()));
  EXPECT_THAT(*line, ::testing::EndsWith(std::string(1, '\0') + id + std::string(1, '\0')));
  EXPECT_THAT(*environment, HasSubstr("PATH="));
}

TEST_F(Safety, AWaitingInitCannotBeTraced) {
  const std::string id = caisson_.Id("dump");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());
  const pid_t pid = caisson_.PidOf(id);

  // Only a process that is not dumpable has its files owned by root; as root, look at the flag.
  const auto status = ReadFile(StrCat("/proc/", pid, "/status"));

  ASSERT_TRUE(status);
  EXPECT_THAT(*status, HasSubstr("CoreDumping:\t0"));
}

TEST_F(Safety, ContainersStartUnder512KiB) {
  bundle_.config().linux.resources.memory.emplace().limit = 512 * 1024;
  bundle_.Shell("echo up");

  const CommandOutput ran = RunBundle("small");

  EXPECT_EQ(ran.out, "up\n") << ran.err;
}

// A creator that is killed at any moment leaves nothing that delete --force cannot remove.
TEST_F(Safety, DeleteForceCleansUpAfterAKilledCreate) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("killed");
  for (int delay_us = 0; delay_us < 30000; delay_us += 700) {
    SCOPED_TRACE(delay_us);
    Command command = caisson_.CommandFor({"create", "-b", bundle_.path(), id});
    auto creator = Spawn(command);
    ASSERT_TRUE(creator);
    const timespec delay{0, delay_us * 1000L};
    (void)creator->WaitEnded(Deadline::After(std::chrono::milliseconds(delay.tv_nsec / 1'000'000)));
    (void)creator->Signal(SIGKILL);
    ASSERT_TRUE(creator->Reap(Deadline::After(std::chrono::seconds(10))));

    const CommandOutput deleted = caisson_.Run({"delete", "--force", id});

    ASSERT_TRUE(deleted.status.ok()) << deleted.err;
    ASSERT_EQ(caisson_.Run({"list", "-q"}).out, "");
  }
}

TEST_F(Safety, TwoStartsOneWins) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("race");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());
  auto first = Spawn(caisson_.CommandFor({"start", id}));
  auto second = Spawn(caisson_.CommandFor({"start", id}));
  ASSERT_TRUE(first && second);

  const auto one = first->Reap(Deadline::After(std::chrono::seconds(20)));
  const auto two = second->Reap(Deadline::After(std::chrono::seconds(20)));

  ASSERT_TRUE(one && *one && two && *two);
  EXPECT_EQ((*one)->code + (*two)->code, 1);
  EXPECT_EQ(caisson_.StatusOf(id), "running");
}

TEST_F(Safety, AnInitThatDiedMakesStartFailAtOnce) {
  const std::string id = caisson_.Id("dead");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());
  ASSERT_EQ(::kill(caisson_.PidOf(id), SIGKILL), 0);
  caisson_.AwaitStopped(id);

  const CommandOutput started = caisson_.Run({"start", id});

  EXPECT_EQ(started.status.code, 1);
  EXPECT_THAT(started.err, HasSubstr("cannot start a container that has stopped"));
}

TEST_F(Safety, FiftyContainersAtOnceAllRun) {
  std::vector<Pidfd> runs;
  for (int i = 0; i < 50; ++i) {
    auto run =
        Spawn(caisson_.CommandFor({"run", "-b", bundle_.path(), caisson_.Id(StrCat("many", i))}));
    ASSERT_TRUE(run);
    runs.push_back(std::move(run).value());
  }
  for (const Pidfd& run : runs) {
    const auto status = run.Reap(Deadline::After(std::chrono::seconds(60)));
    ASSERT_TRUE(status && *status);
    EXPECT_EQ((*status)->ShellCode(), 0);
  }
}

}  // namespace
}  // namespace caisson::test
