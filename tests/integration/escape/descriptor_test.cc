// SPDX-License-Identifier: Apache-2.0
// Descriptors, the runtime's own program, and what a process that joins has open.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/escape/fixture.h"
#include "tests/support/programs.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EscapeByDescriptor : public EscapeTest {
 protected:
  // A process of the container looks at all others while some join it.
  void ExpectNothingToStalk() {
    StartContainer({"/bin/probe", "stalk", "4"});
    ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();

    for (int i = 0; i < 40; ++i) (void)ExecIn({}, {"/bin/true"});
    ASSERT_TRUE(AwaitEnd());

    EXPECT_THAT(OutputOfContainer(), HasSubstr("done"));
    EXPECT_THAT(OutputOfContainer(),
                AllOf(Not(HasSubstr("root of")), Not(HasSubstr("directory of"))));
  }
};

TEST_F(EscapeByDescriptor, Cve2024_21626_NoneIsLeftOpenAfterRun) {
  EXPECT_EQ(RunContainer({"/bin/probe", "descriptors"}).out, "");
}

TEST_F(EscapeByDescriptor, Cve2024_21626_NoneIsLeftOpenAfterCreateAndStart) {
  config_.process->args = {"/bin/probe", "descriptors"};
  WriteConfig();

  EXPECT_EQ(CreateAndStart().out, "");
}

TEST_F(EscapeByDescriptor, Cve2024_21626_NoneIsLeftOpenAfterExec) {
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 60"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();

  const auto ran = ExecIn({}, {"/bin/probe", "descriptors"});

  EXPECT_EQ(ran.status.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
}

TEST_F(EscapeByDescriptor, Cve2024_21626_TheWorkingDirectoryIsNoHostDescriptor) {
  for (int fd = 3; fd < 36; ++fd) {
    for (const char* below : {"", "/../../../.."}) {
      config_.process->cwd = StrCat("/proc/self/fd/", fd, below);
      SCOPED_TRACE(config_.process->cwd);

      const auto ran = RunContainer({"/bin/sh", "-c", "ls -d etc/debian_version; pwd"});

      EXPECT_NE(ran.status.code, 0);
      EXPECT_THAT(ran.out, Not(HasSubstr("debian_version")));
    }
  }
}

TEST_F(EscapeByDescriptor, Cve2024_21626_TheWorkingDirectoryOfAnExecIsNoHostDescriptor) {
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 60"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();

  for (int fd = 3; fd < 40; ++fd) {
    for (const char* below : {"", "/../../../.."}) {
      const std::string cwd = StrCat("/proc/self/fd/", fd, below);
      SCOPED_TRACE(cwd);

      const auto ran = ExecIn({"--cwd", cwd}, {"/bin/sh", "-c", "ls -d etc/debian_version; pwd"});

      EXPECT_NE(ran.status.code, 0);
      EXPECT_THAT(ran.out, Not(HasSubstr("debian_version")));
    }
  }
}

TEST_F(EscapeByDescriptor, Cve2019_5736_TheRuntimeAsEntrypointCannotBeWritten) {
  const std::string program = Program("caisson");
  struct stat before;
  ASSERT_EQ(::stat(program.c_str(), &before), 0);
  // The runtime's own program, run inside, stays there: it waits for this file's writer.
  ASSERT_EQ(::mkfifo(Root("fifo").c_str(), 0644), 0);
  // Detached, so that no runtime on the host keeps the program busy (ETXTBSY) in the end.
  config_.process->args = {"/bin/sh", "-c", "exec /bin/probe overwrite 20 > /out 2>&1"};
  WriteConfig();
  ASSERT_EQ(
      Caisson({"run", "--detach", "--pid-file", "pid", "--bundle", dir_->path(), Id()}).status.code,
      0);
  const auto container = Pidfd::Open(ParseInt<pid_t>(dir_->Read("pid")).value_or(0));
  ASSERT_TRUE(container);

  (void)ExecIn({}, {"/proc/self/exe", "update", "--resources", "/fifo", "x"});
  const auto ended = container->WaitEnded(Deadline::After(std::chrono::seconds(30)));
  ASSERT_TRUE(ended && *ended);

  struct stat after;
  ASSERT_EQ(::stat(program.c_str(), &after), 0);
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_EQ(after.st_size, before.st_size);
  EXPECT_THAT(dir_->Read("rootfs/out"), AllOf(HasSubstr("opened"), HasSubstr("EROFS")));
}

TEST_F(EscapeByDescriptor, Cve2019_5736_AScriptOfTheRuntimeIsNoWayEither) {
  dir_->Write("rootfs/bin/entry", "#!/proc/self/exe\n");
  ASSERT_EQ(::chmod(Root("bin/entry").c_str(), 0755), 0);
  struct stat before;
  ASSERT_EQ(::stat(Program("caisson").c_str(), &before), 0);

  (void)RunContainer({"/bin/entry"});

  struct stat after;
  ASSERT_EQ(::stat(Program("caisson").c_str(), &after), 0);
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST_F(EscapeByDescriptor, Cve2016_9962_AJoiningProcessCannotBeTracedNorReadFrom) {
  ExpectNothingToStalk();
}

// Root of a user namespace has every capability over who has joined that.
TEST_F(EscapeByDescriptor, Cve2016_9962_NorByTheRootOfAUserNamespace) {
  config_.linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
  config_.linux.uid_mappings = {{0, 100000, 65536}};
  config_.linux.gid_mappings = config_.linux.uid_mappings;
  for (const char* const name : {"proc", "dev", "sys"}) ASSERT_TRUE(MakeDirs(Root(name), 0755));
  for (const char* const name : {"CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH"})
    Allow(name);

  ExpectNothingToStalk();
}

TEST_F(EscapeByDescriptor, Cve2025_23266_AHookGetsNothingOfTheImagesEnvironment) {
  dir_->Write("hook", "#!/bin/sh\n/usr/bin/env > $1\npwd >> $1\n");
  ASSERT_EQ(::chmod((*dir_ / "hook").c_str(), 0755), 0);
  config_.process->env.push_back("LD_PRELOAD=/evil.so");
  ::setenv("OF_THE_RUNTIME", "1", 1);
  // Both with an environment of its own and without.
  const auto hooks = [&](const std::string& name) {
    const auto hook = [&](const std::string& file) {
      return spec::Hook{.path = *dir_ / "hook", .args = {"hook", *dir_ / file}, .env = {}};
    };
    spec::Hook given = hook(name + "-given");
    given.env = std::vector<std::string>{"GIVEN=1"};
    return std::vector<spec::Hook>{given, hook(name + "-none")};
  };
  config_.hooks.create_runtime = hooks("runtime");
  config_.hooks.create_container = hooks("container");
  config_.hooks.poststart = hooks("poststart");

  const auto ran = RunContainer();

  ::unsetenv("OF_THE_RUNTIME");
  EXPECT_EQ(ran.status.code, 0) << ran.err;
  for (const std::string name : {"runtime", "container", "poststart"}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(dir_->Read(name + "-given"),
                AllOf(HasSubstr("GIVEN=1"), Not(HasSubstr("LD_PRELOAD")),
                      Not(HasSubstr("OF_THE_RUNTIME"))));
    EXPECT_THAT(dir_->Read(name + "-none"), Not(HasSubstr("LD_PRELOAD")));
  }
  // On the host they have the runtime's; those that run beside the container's files do not.
  EXPECT_THAT(dir_->Read("runtime-none"), HasSubstr("OF_THE_RUNTIME=1"));
  EXPECT_THAT(dir_->Read("poststart-none"), HasSubstr("OF_THE_RUNTIME=1"));
  EXPECT_THAT(dir_->Read("container-none"), Not(HasSubstr("OF_THE_RUNTIME")));
  // createContainer hooks start in the container's root, as in runc; the others never do.
  for (const char* name : {"runtime-given", "poststart-none"})
    EXPECT_THAT(dir_->Read(name), Not(HasSubstr("rootfs"))) << name;
}

}  // namespace
}  // namespace caisson::test
