// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

class HookRuns : public Lifecycle {
 protected:
  spec::Hook Note(std::string_view name) const {
    return {.path = "/bin/sh", .args = {"sh", "-c", StrCat("echo ", name, " $(cat) >> ", notes())}};
  }
  // startContainer hooks run inside, where the file has another name.
  spec::Hook NoteInside(std::string_view name) const {
    return {.path = "/bin/sh",
            .args = {"sh", "-c", StrCat("echo ", name, " $(cat) >> /notes/notes")}};
  }
  void SetUp() override {
    Lifecycle::SetUp();
    bundle_.dir().Write("notes/notes", "");
    bundle_.config().mounts.push_back({.destination = "/notes",
                                       .type = "bind",
                                       .source = bundle_.dir() / "notes",
                                       .options = {"bind", "rw"}});
  }
  std::string notes() const { return bundle_.dir() / "notes/notes"; }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    const std::string text = bundle_.dir().Read("notes/notes");
    for (const auto line : Split(text, '\n'))
      if (!line.empty()) lines.emplace_back(line);
    return lines;
  }
};

TEST_F(HookRuns, AllSixKindsRunInOrderWithTheState) {
  spec::Hooks& hooks = bundle_.config().hooks;
  hooks.prestart = {Note("prestart")};
  hooks.create_runtime = {Note("createRuntime")};
  hooks.create_container = {Note("createContainer")};
  hooks.start_container = {NoteInside("startContainer")};
  hooks.poststart = {Note("poststart")};
  hooks.poststop = {Note("poststop")};
  bundle_.Shell("true");
  const std::string id = caisson_.Id("hooks");

  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok())
      << caisson_.DetachedErrors();
  ASSERT_EQ(Lines().size(), 3U);
  ASSERT_TRUE(caisson_.Run({"start", id}).status.ok());
  caisson_.AwaitStopped(id);
  ASSERT_TRUE(caisson_.Run({"delete", id}).status.ok());

  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 6U);
  const char* const expected[][2] = {
      {"prestart ", "created"}, {"createRuntime ", "creating"}, {"createContainer ", "creating"},
      {"startContainer ", ""},  {"poststart ", "running"},      {"poststop ", "stopped"}};
  for (std::size_t i = 0; i < 6; ++i) {
    SCOPED_TRACE(expected[i][0]);
    EXPECT_THAT(lines[i], ::testing::StartsWith(expected[i][0]));
    EXPECT_THAT(lines[i], HasSubstr(StrCat("\"id\":\"", id, "\"")));
    EXPECT_THAT(lines[i], HasSubstr(expected[i][1]));
    EXPECT_THAT(lines[i], HasSubstr(StrCat("\"bundle\":\"", bundle_.path(), "\"")));
  }
}

TEST_F(HookRuns, AFailingPoststartIsAWarningBeforeSpecification13) {
  bundle_.config().oci_version = "1.2.1";
  bundle_.config().hooks.poststart = {{.path = "/bin/false"}};
  bundle_.Shell("echo ran");

  const CommandOutput ran = RunBundle("poststart");

  EXPECT_TRUE(ran.status.ok());
  EXPECT_EQ(ran.out, "ran\n");
  EXPECT_THAT(ran.err, HasSubstr("level=warning"));
}

TEST_F(HookRuns, AFailingStartContainerHookFailsStart) {
  bundle_.config().hooks.start_container = {{.path = "/bin/sh", .args = {"sh", "-c", "exit 3"}}};
  bundle_.Shell("echo ran");

  const CommandOutput ran = RunBundle("startcontainer");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("startContainer"));
}

TEST_F(HookRuns, PoststopRunsWhenCreateRuntimeFails) {
  bundle_.config().hooks.create_runtime = {{.path = "/bin/false"}};
  bundle_.config().hooks.poststop = {Note("poststop")};
  bundle_.Shell("true");

  EXPECT_EQ(RunBundle("failed").status.code, 1);

  ASSERT_EQ(Lines().size(), 1U);
  EXPECT_THAT(Lines()[0], ::testing::StartsWith("poststop "));
}

// What runs inside is the image's: it must not have more rights than the container's process.
TEST_F(HookRuns, StartContainerHooksHaveTheRightsOfTheProcess) {
  bundle_.process().user = {.uid = 1000, .gid = 1001, .additional_gids = {}};
  bundle_.process().capabilities.reset();
  bundle_.process().no_new_privileges = true;
  bundle_.dir().Write("notes/notes", "");
  ASSERT_EQ(::chmod(notes().c_str(), 0666), 0);
  bundle_.config().hooks.start_container = {
      {.path = "/bin/sh",
       .args = {
           "sh", "-c",
           "id -u > /notes/notes; grep -E 'CapEff|NoNewPrivs' /proc/self/status >> /notes/notes"}}};
  bundle_.Shell("true");

  ASSERT_TRUE(RunBundle("rights").status.ok());

  EXPECT_THAT(Lines(),
              ::testing::ElementsAre("1000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"));
}

TEST_F(HookRuns, StartContainerHooksWithoutEnvironmentGetThatOfTheProcess) {
  bundle_.process().env = {"PATH=/bin", "ONE=two"};
  bundle_.config().hooks.start_container = {
      {.path = "/bin/sh", .args = {"sh", "-c", "echo $ONE > /notes/notes"}}};
  bundle_.Shell("true");

  ASSERT_TRUE(RunBundle("env").status.ok());

  EXPECT_THAT(Lines(), ::testing::ElementsAre("two"));
}

TEST_F(HookRuns, StartContainerHooksAreFiltered) {
  bundle_.config().hooks.start_container = {
      {.path = "/bin/sh", .args = {"sh", "-c", "mkdir /tmp/made"}}};
  bundle_.config().linux.seccomp =
      spec::Seccomp{.default_action = "SCMP_ACT_ALLOW",
                    .syscalls = {{.names = {"mkdir", "mkdirat"}, .action = "SCMP_ACT_KILL"}}};
  bundle_.Shell("true");

  const CommandOutput ran = RunBundle("filter");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(
      ran.err,
      HasSubstr(
          "error running startContainer hook #0: error running hook /bin/sh: killed by signal "
          "31 (bad system call)"));
}

TEST_F(HookRuns, CreateContainerHooksStartInTheRoot) {
  bundle_.config().hooks.create_container = {
      {.path = "/bin/sh", .args = {"sh", "-c", "echo made > ./tmp/by-hook"}}};
  bundle_.Shell("cat /tmp/by-hook");

  EXPECT_EQ(RunBundle("cwd").out, "made\n");
}

}  // namespace
}  // namespace caisson::test
