// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Each failure leaves nothing behind (the fixture looks) and says what failed, on what, and why.
class Errors : public Lifecycle {
 protected:
  std::string RunError(std::string_view name) {
    const CommandOutput ran = RunBundle(name);
    EXPECT_EQ(ran.status.code, 1);
    return ran.err;
  }
};

TEST_F(Errors, AMissingProgramFailsCreate) {
  bundle_.Args({"/bin/nope"});
  EXPECT_THAT(RunError("program"),
              HasSubstr("exec: \\\"/bin/nope\\\": stat /bin/nope: no such file or directory"));
}

TEST_F(Errors, AProgramThatCannotBeExecutedFailsStart) {
  bundle_.dir().Write("rootfs/bin/broken", "not a program");
  std::filesystem::permissions(bundle_.RootPath("bin/broken"), std::filesystem::perms::all);
  bundle_.Args({"/bin/broken"});
  const std::string id = caisson_.Id("broken");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());

  const CommandOutput started = caisson_.Run({"start", id});

  EXPECT_EQ(started.status.code, 1);
  EXPECT_THAT(started.err, HasSubstr("exec /bin/broken: exec format error (try: "));
  caisson_.AwaitStopped(id);
  EXPECT_EQ(caisson_.StatusOf(id), "stopped");
  EXPECT_TRUE(caisson_.Run({"delete", id}).status.ok());
}

TEST_F(Errors, AMissingBundleIsNamedWithARemedy) {
  const CommandOutput ran = caisson_.Run({"run", "-b", "/nonexistent", caisson_.Id("bundle")});

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("open \\\"/nonexistent/config.json\\\": No such file or directory "
                                 "(ENOENT) (try: make a bundle with `caisson spec`"));
}

TEST_F(Errors, MalformedJsonIsNamedWithItsPlace) {
  bundle_.dir().Write("config.json", "{\"ociVersion\": ");
  EXPECT_THAT(RunError("json"), HasSubstr("config.json: "));
}

TEST_F(Errors, AMissingMountSourceNamesTheMount) {
  bundle_.config().mounts.push_back(
      {.destination = "/data", .type = "bind", .source = "/nonexistent/data", .options = {"bind"}});
  bundle_.Save();
  EXPECT_THAT(RunError("mount"), HasSubstr("/nonexistent/data"));
}

TEST_F(Errors, AMissingRootIsNamed) {
  bundle_.config().root->path = "nowhere";
  bundle_.Save();
  EXPECT_THAT(RunError("root"), HasSubstr("nowhere"));
}

TEST_F(Errors, ABadLimitNamesTheField) {
  bundle_.config().linux.resources.memory.emplace().limit = -5;
  bundle_.Save();
  EXPECT_THAT(RunError("limit"), HasSubstr("linux.resources.memory.limit"));
}

TEST_F(Errors, AFailedHookTakesTheContainerApart) {
  bundle_.config().hooks.create_runtime.push_back({.path = "/bin/false"});
  bundle_.Save();
  EXPECT_THAT(RunError("hook"), HasSubstr("createRuntime"));
  EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "");
}

TEST_F(Errors, ATerminalNeedsAConsoleSocketWhenDetached) {
  bundle_.process().terminal = true;
  bundle_.Save();

  const CommandOutput created =
      caisson_.Run({"create", "-b", bundle_.path(), caisson_.Id("terminal")});

  EXPECT_EQ(created.status.code, 1);
  EXPECT_THAT(created.err,
              HasSubstr("process.terminal is true but there is no console socket (try: give "
                        "--console-socket"));
}

TEST_F(Errors, ABadIdIsRefused) {
  for (const char* const id : {"..", "a/b", "a b", ""}) {
    SCOPED_TRACE(id);
    EXPECT_EQ(caisson_.Run({"run", "-b", bundle_.path(), id}).status.code, 1);
  }
}

TEST_F(Errors, TheLogFileGetsOneJsonLineOfLevelError) {
  bundle_.Args({"/bin/nope"});
  const CommandOutput ran = caisson_.Run({"--log", caisson_.log(), "--log-format", "json", "run",
                                          "-b", bundle_.path(), caisson_.Id("log")});

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("exec: \"/bin/nope\""));
  const std::string log = caisson_.dir().Read("log");
  EXPECT_THAT(log, StartsWith("{\"level\":\"error\",\"msg\":\"exec: \\\"/bin/nope\\\""));
  EXPECT_THAT(log, HasSubstr("(try: "));
  EXPECT_THAT(log, EndsWith("\"}\n"));
  EXPECT_EQ(Split(log, '\n').size(), 2U);
}

TEST_F(Errors, UnknownCommandsAndOptionsAreNamed) {
  EXPECT_THAT(caisson_.Run({"fly"}).err, HasSubstr("No help topic for 'fly'"));
  EXPECT_THAT(caisson_.Run({"run", "--fly", "x"}).err,
              HasSubstr("flag provided but not defined: -fly"));
  EXPECT_THAT(caisson_.Run({"state"}).err, HasSubstr("requires exactly 1 argument"));
}

}  // namespace
}  // namespace caisson::test
