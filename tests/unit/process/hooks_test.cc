// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/hooks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "tests/support/in_child.h"
#include "tests/support/temp_dir.h"

namespace caisson::process {
namespace {

using test::InChild;
using test::TempDir;
using testing::HasSubstr;
using testing::SizeIs;

using Env = std::vector<std::string>;

spec::Hook Shell(const std::string& script, std::optional<Env> env = std::nullopt) {
  return {.path = "/bin/sh", .args = {"sh", "-c", script}, .env = std::move(env)};
}

std::string Sentence(const spec::Hook& hook) {
  const TempDir bundle;
  const Status run = RunHooks("createRuntime", {hook}, "{}", bundle.path());
  return run ? "no error" : run.error().message();
}

TEST(RunHooks, HookHasStateEnvironmentAndBundleAndNothingElse) {
  const TempDir bundle;
  const spec::Hook hook =
      Shell("/bin/cat > state; /usr/bin/env > env; pwd > cwd; ls /proc/self/fd | wc -l > fds",
            Env{"ONLY=this", "PATH=/bin:/usr/bin"});

  const Status run = RunHooks("prestart", {hook}, "{\"id\":\"x\"}", bundle.path());

  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(bundle.Read("state"), "{\"id\":\"x\"}");
  EXPECT_THAT(bundle.Read("env"), HasSubstr("ONLY=this\n"));
  EXPECT_THAT(bundle.Read("env"), testing::Not(HasSubstr("HOME=")));
  EXPECT_EQ(bundle.Read("cwd"), bundle.path() + "\n");
  EXPECT_EQ(bundle.Read("fds"), "4\n") << "0, 1, 2 and that of ls itself";
}

TEST(RunHooks, OneWithoutEnvironmentHasTheRuntimesAndAnEmptyOneIsEmpty) {
  const TempDir bundle;
  ::setenv("OF_THE_RUNTIME", "yes", 1);

  const Status run =
      RunHooks("prestart", {Shell("/usr/bin/env > inherited"), Shell("/usr/bin/env > none", Env())},
               "{}", bundle.path());

  ::unsetenv("OF_THE_RUNTIME");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_THAT(bundle.Read("inherited"), HasSubstr("OF_THE_RUNTIME=yes\n"));
  EXPECT_THAT(bundle.Read("none"), testing::Not(HasSubstr("OF_THE_RUNTIME")));
}

TEST(RunHooks, NameMayDifferFromThePath) {
  const TempDir bundle;
  const spec::Hook hook{.path = "/bin/sh", .args = {"my-hook", "-c", "echo $0 > name"}};
  ASSERT_TRUE(RunHooks("prestart", {hook}, "{}", bundle.path()));
  EXPECT_EQ(bundle.Read("name"), "my-hook\n");
}

TEST(RunHooks, FirstFailureEndsTheRowAndSaysWhatTheHookSaid) {
  const TempDir bundle;
  const Status run = RunHooks(
      "createRuntime",
      {Shell("true"), Shell("echo first >&2; echo no route >&2; exit 3"), Shell("touch ran")}, "{}",
      bundle.path());

  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().message(),
            "error running createRuntime hook #1: error running hook /bin/sh: exit status 3, it "
            "said: no route");
  EXPECT_NE(::access((bundle / "ran").c_str(), F_OK), 0);
}

TEST(RunHooks, SignalAndMissingProgramAreTold) {
  EXPECT_EQ(Sentence(Shell("kill -9 $$")),
            "error running createRuntime hook #0: error running hook /bin/sh: killed by signal 9 "
            "(killed)");
  EXPECT_EQ(Sentence({.path = "/no/hook"}),
            "error running createRuntime hook #0: error running hook /no/hook: run \"/no/hook\": "
            "No such file or "
            "directory (ENOENT)");
}

TEST(RunHooks, HookOverItsTimeoutIsKilled) {
  spec::Hook hook = Shell("exec /bin/sleep 60");
  hook.timeout_s = 1;
  EXPECT_EQ(Sentence(hook),
            "error running createRuntime hook #0: error running hook /bin/sh: hook ran past "
            "specified timeout of 1s");
}

TEST(RunHooks, HookThatDoesNotReadIsNotAFailure) {
  const TempDir bundle;
  const std::string big(1 << 20, 'x');
  EXPECT_TRUE(RunHooks("poststop", {Shell("true")}, big, bundle.path()));
}

TEST(RunAllHooks, GoesOnAfterFailures) {
  const TempDir bundle;
  const auto failures = RunAllHooks(
      "poststop", {Shell("exit 1"), Shell("touch ran"), Shell("exit 2")}, "{}", bundle.path());

  ASSERT_THAT(failures, SizeIs(2));
  EXPECT_EQ(failures[1].message(),
            "error running poststop hook #2: error running hook /bin/sh: exit status 2");
  EXPECT_EQ(::access((bundle / "ran").c_str(), F_OK), 0);
}

// Runs the hooks as the container's init does; the sentence of the failure, or "".
std::string RunInside(ChildHooks& hooks, const std::string& state = "{}") {
  const Status set = hooks.SetState(state);
  if (!set) return set.error().message();
  const auto child = InChild([&]() -> std::string {
    const StepFailure failure = RunChildHooks(hooks.view());
    return failure.ok() ? "" : StrCat(failure.item, " ", failure.sys_errno);
  });
  if (child.said.empty()) return child.status.ok() ? "" : "child died";
  const auto space = child.said.find(' ');
  return hooks
      .Explain({*ParseInt<int>(child.said.substr(space + 1)),
                *ParseInt<std::size_t>(child.said.substr(0, space))})
      .message();
}

ChildHooks Built(const std::vector<spec::Hook>& hooks, const std::string& bundle) {
  auto built = ChildHooks::Build("createContainer", hooks, bundle);
  EXPECT_TRUE(built) << built.error().message();
  return std::move(built).value();
}

TEST(RunChildHooks, Cve2025_23266_HookHasItsOwnEnvironmentAndTheBundle) {
  const TempDir bundle;
  ChildHooks hooks = Built({Shell("/bin/cat > one; /usr/bin/env > env", Env{"LD_DEBUG_X=1"}),
                            Shell("/bin/cat > two; pwd > cwd; ls /proc/self/fd | wc -l > fds",
                                  Env{"PATH=/bin:/usr/bin"})},
                           bundle.path());
  ::setenv("FROM_THE_IMAGE", "LD_PRELOAD", 1);

  EXPECT_EQ(RunInside(hooks, "{\"pid\":7}"), "");

  ::unsetenv("FROM_THE_IMAGE");
  EXPECT_EQ(bundle.Read("one"), "{\"pid\":7}");
  EXPECT_EQ(bundle.Read("two"), "{\"pid\":7}") << "each reads from the start";
  EXPECT_THAT(bundle.Read("env"), testing::Not(HasSubstr("FROM_THE_IMAGE")));
  EXPECT_EQ(bundle.Read("cwd"), bundle.path() + "\n");
  EXPECT_EQ(bundle.Read("fds"), "4\n");
}

TEST(RunChildHooks, Cve2025_23266_WithoutAnEnvironmentItHasNeitherTheImagesNorTheRuntimes) {
  const TempDir bundle;
  ChildHooks hooks = Built({Shell("/usr/bin/env > env")}, bundle.path());
  ::setenv("OF_THE_RUNTIME", "yes", 1);

  EXPECT_EQ(RunInside(hooks, "{}"), "");

  ::unsetenv("OF_THE_RUNTIME");
  EXPECT_THAT(bundle.Read("env"), testing::Not(HasSubstr("OF_THE_RUNTIME")));
}

TEST(RunChildHooks, StateCannotBeWrittenByAHook) {
  const TempDir bundle;
  ChildHooks hooks =
      Built({Shell("echo evil >&0 2> said; true"), Shell("/bin/cat > two")}, bundle.path());

  EXPECT_EQ(RunInside(hooks, "{\"pid\":7}"), "");
  EXPECT_EQ(bundle.Read("two"), "{\"pid\":7}");
}

TEST(RunChildHooks, WithoutABundleTheRootIsTheWorkingDirectory) {
  const TempDir out;
  ChildHooks hooks = Built({Shell(StrCat("pwd > ", out / "cwd"))}, "");
  EXPECT_EQ(RunInside(hooks), "");
  EXPECT_EQ(out.Read("cwd"), "/\n");
}

TEST(RunChildHooks, FailuresReadLikeThoseOfTheHost) {
  const TempDir bundle;
  ChildHooks failing =
      Built({Shell("true"), Shell("echo first; echo no device >&2; exit 3")}, bundle.path());
  EXPECT_EQ(RunInside(failing),
            "error running createContainer hook #1: error running hook /bin/sh: exit status 3, it "
            "said: no device");
  ChildHooks killed = Built({Shell("kill -9 $$")}, bundle.path());
  EXPECT_EQ(RunInside(killed),
            "error running createContainer hook #0: error running hook /bin/sh: killed by signal 9 "
            "(killed)");
  ChildHooks missing = Built({{.path = "/no/hook"}}, bundle.path());
  EXPECT_EQ(RunInside(missing),
            "error running createContainer hook #0: error running hook /no/hook: run \"/no/hook\": "
            "No such file or "
            "directory (ENOENT)");
}

TEST(RunChildHooks, MuchOutputNeitherBlocksNorIsKept) {
  const TempDir bundle;
  ChildHooks hooks =
      Built({Shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
                   "i=$((i+1)); done; echo the end; exit 1")},
            bundle.path());
  EXPECT_EQ(RunInside(hooks),
            "error running createContainer hook #0: error running hook /bin/sh: exit status 1, it "
            "said: the end");
}

TEST(RunChildHooks, HookOverItsTimeoutIsKilled) {
  const TempDir bundle;
  spec::Hook slow = Shell("exec /bin/sleep 60");
  slow.timeout_s = 1;
  ChildHooks hooks = Built({slow}, bundle.path());
  EXPECT_EQ(RunInside(hooks),
            "error running createContainer hook #0: error running hook /bin/sh: hook ran past "
            "specified timeout");
}

TEST(RunChildHooks, NoneIsNothingToDo) {
  ChildHooks hooks = Built({}, "/does/not/matter");
  EXPECT_TRUE(hooks.empty());
  EXPECT_TRUE(hooks.SetState("{}"));
  EXPECT_TRUE(RunChildHooks(hooks.view()).ok());
}

}  // namespace
}  // namespace caisson::process
