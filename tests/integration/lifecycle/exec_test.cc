// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

class Exec : public Lifecycle {
 protected:
  CommandOutput ExecIn(std::vector<std::string> args, std::string_view input = {}) {
    args.insert(args.begin(), "exec");
    return caisson_.Run(std::move(args), input);
  }
};

TEST_F(Exec, RunsInTheContainerAndEndsWithTheExitStatus) {
  const std::string id = Sleeper("exec");

  const CommandOutput ran =
      ExecIn({id, "/bin/sh", "-c", "hostname; cat; cat /proc/1/comm; exit 9"}, "input\n");

  EXPECT_EQ(ran.status.code, 9);
  EXPECT_EQ(ran.out, StrCat(bundle_.config().hostname, "\ninput\nsleep\n")) << ran.err;
}

TEST_F(Exec, JoinsEveryNamespaceAndTheCgroup) {
  const std::string id = Sleeper("joins");
  std::string expected;
  for (const char* const kind : {"pid", "net", "ipc", "uts", "mnt"}) {
    char name[64] = {};
    ASSERT_GT(::readlink(StrCat("/proc/", caisson_.PidOf(id), "/ns/", kind).c_str(), name, 63), 0);
    expected.append(name).append("\n");
  }

  EXPECT_EQ(ExecIn({id, "/bin/sh", "-c",
                    "for n in pid net ipc uts mnt; do readlink /proc/self/ns/$n; done"})
                .out,
            expected);
  const CommandOutput cgroup = ExecIn({id, "/bin/cat", "/proc/self/cgroup", "/proc/1/cgroup"});
  const auto half = cgroup.out.substr(0, cgroup.out.size() / 2);
  EXPECT_EQ(cgroup.out, half + half);
}

TEST_F(Exec, FailuresHaveTheirOwnStatusAndSentence) {
  const std::string id = Sleeper("fail");

  const CommandOutput missing = ExecIn({id, "/bin/nope"});
  EXPECT_EQ(missing.status.code, 255);
  EXPECT_THAT(missing.err, HasSubstr("stat /bin/nope: no such file or directory"));

  const CommandOutput not_in_path = ExecIn({id, "nope"});
  EXPECT_EQ(not_in_path.status.code, 255);
  EXPECT_THAT(not_in_path.err, HasSubstr("executable file not found in $PATH"));

  const CommandOutput directory = ExecIn({id, "/tmp"});
  EXPECT_EQ(directory.status.code, 255);
  EXPECT_THAT(directory.err, HasSubstr("permission denied"));

  EXPECT_EQ(ExecIn({caisson_.Id("none"), "/bin/true"}).status.code, 255);
}

TEST_F(Exec, UserFormsAreStrict) {
  const std::string id = Sleeper("user");

  EXPECT_EQ(ExecIn({"-u", "1000", id, "/bin/id", "-u"}).out, "1000\n");
  EXPECT_EQ(ExecIn({"--user", "1000:7", id, "/bin/sh", "-c", "id -u; id -g"}).out, "1000\n7\n");
  // CVE-2026-30892: text that is no number must never become root.
  for (const char* const user : {"", ":", "1:", ":1", "x", "1x", "-1", "4294967295", "4294967296",
                                 "1:4294967295", "0x1", " 1", "1 ", "1:2:3", "root", "+1"}) {
    SCOPED_TRACE(user);
    const CommandOutput ran = ExecIn({"-u", user, id, "/bin/id", "-u"});
    EXPECT_EQ(ran.status.code, 255);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("for --user"));
  }
}

TEST_F(Exec, OptionsChangeTheProcess) {
  const std::string id = Sleeper("options");

  const CommandOutput ran =
      ExecIn({"--cwd", "/tmp", "-e", "A=b", "--cap", "CAP_NET_RAW", "-g", "42", id, "/bin/sh", "-c",
              "pwd; echo $A; id -G; grep CapEff /proc/self/status"});

  EXPECT_EQ(ran.out, "/tmp\nb\n0 42\nCapEff:\t0000000020002420\n") << ran.err;
  EXPECT_THAT(ExecIn({"--cap", "CAP_NOPE", id, "/bin/true"}).err,
              HasSubstr("unknown capability \\\"CAP_NOPE\\\""));
}

TEST_F(Exec, TakesAProcessFromAFile) {
  const std::string id = Sleeper("file");
  bundle_.dir().Write(
      "process.json",
      R"({"cwd":"/","args":["/bin/sh","-c","echo $X; id -u"],"env":["X=y","PATH=/bin"],)"
      R"("user":{"uid":12,"gid":0}})");

  EXPECT_EQ(ExecIn({"--process", bundle_.dir() / "process.json", id}).out, "y\n12\n");
}

TEST_F(Exec, DetachedWritesThePid) {
  const std::string id = Sleeper("detach");

  const CommandOutput ran = caisson_.RunDetached(
      {"exec", "-d", "--pid-file", caisson_.dir() / "pid", id, "/bin/sleep", "500"});
  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();

  EXPECT_THAT(caisson_.Run({"ps", "-f", "json", id}).out, HasSubstr(caisson_.dir().Read("pid")));
}

TEST_F(Exec, ASubCgroupMustLieInTheContainers) {
  const std::string id = Sleeper("cgroup");
  for (const char* const path : {"..", "../..", "/../x", "a/../../b"}) {
    SCOPED_TRACE(path);
    const CommandOutput ran = ExecIn({"--cgroup", path, id, "/bin/true"});
    EXPECT_EQ(ran.status.code, 255);
    EXPECT_THAT(ran.err, HasSubstr("--cgroup"));
  }
}

TEST_F(Exec, TheHostsDevicesKeepTheirOwner) {
  // crun 1.8.1 gave the host's /dev/null to the user of an exec that had it as standard input.
  const std::string id = Sleeper("devnull");
  struct stat before {};
  ASSERT_EQ(::stat("/dev/null", &before), 0);

  ASSERT_TRUE(caisson_.RunDetached({"exec", "-u", "1000", id, "/bin/true"}).status.ok());

  struct stat after {};
  ASSERT_EQ(::stat("/dev/null", &after), 0);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(Exec, NeedsARunningContainer) {
  const std::string id = caisson_.Id("stopped");
  ASSERT_TRUE(RunBundle("stopped", {"--keep"}).status.ok());

  const CommandOutput ran = ExecIn({id, "/bin/true"});

  EXPECT_EQ(ran.status.code, 255);
  EXPECT_THAT(ran.err, HasSubstr("stopped container"));
}

}  // namespace
}  // namespace caisson::test
