// SPDX-License-Identifier: Apache-2.0
// What the container's process sees of what the configuration asks for.
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProcessTraits : public Lifecycle {
 protected:
  // The output of a script in the container.
  std::string Output(std::string script) {
    bundle_.Shell(std::move(script));
    const CommandOutput ran = RunBundle("traits");
    EXPECT_TRUE(ran.status.ok()) << ran.err;
    return ran.out;
  }
};

TEST_F(ProcessTraits, ItIsPid1WithItsOwnNamespaces) {
  const std::string inside =
      Output("echo $$; for n in pid net ipc uts mnt; do readlink /proc/self/ns/$n; done");

  EXPECT_THAT(inside, ::testing::StartsWith("1\n"));
  for (const char* const kind : {"pid", "net", "ipc", "uts", "mnt"}) {
    char own[64] = {};
    ASSERT_GT(::readlink(StrCat("/proc/self/ns/", kind).c_str(), own, sizeof own - 1), 0);
    EXPECT_THAT(inside, Not(HasSubstr(own))) << kind;
  }
}

TEST_F(ProcessTraits, HostnameLoopbackAndRootAreItsOwn) {
  bundle_.config().hostname = "inside";
  bundle_.config().root->readonly = true;

  const std::string out =
      Output("hostname; ip addr show lo | grep -c 'inet 127.0.0.1'; touch /x 2>&1; true");

  EXPECT_THAT(out, ::testing::StartsWith("inside\n1\n"));
  EXPECT_THAT(out, HasSubstr("Read-only file system"));
}

TEST_F(ProcessTraits, UserGroupsUmaskAndDirectory) {
  bundle_.process().user = {.uid = 1000, .gid = 1001, .umask = 027, .additional_gids = {5, 6}};
  bundle_.process().cwd = "/made/here";

  EXPECT_EQ(Output("id -u; id -g; id -G; umask; pwd"), "1000\n1001\n1001 5 6\n0027\n/made/here\n");
}

TEST_F(ProcessTraits, CapabilitiesLimitsAndNoNewPrivileges) {
  bundle_.process().capabilities = spec::Capabilities{.bounding = {"CAP_KILL", "CAP_CHOWN"},
                                                      .effective = {"CAP_KILL"},
                                                      .inheritable = {},
                                                      .permitted = {"CAP_KILL"},
                                                      .ambient = {}};
  bundle_.process().rlimits = {{.type = "RLIMIT_NOFILE", .hard = 200, .soft = 100}};
  bundle_.process().no_new_privileges = true;

  const std::string out = Output("ulimit -n; ulimit -Hn; grep -E 'Cap|NoNew' /proc/self/status");

  EXPECT_THAT(out, ::testing::StartsWith("100\n200\n"));
  EXPECT_THAT(out, HasSubstr("CapInh:\t0000000000000000"));
  EXPECT_THAT(out, HasSubstr("CapPrm:\t0000000000000020"));
  EXPECT_THAT(out, HasSubstr("CapBnd:\t0000000000000021"));
  EXPECT_THAT(out, HasSubstr("NoNewPrivs:\t1"));
}

TEST_F(ProcessTraits, OomScoreAndSysctl) {
  bundle_.process().oom_score_adj = 300;
  bundle_.config().linux.sysctl["net.ipv4.ip_unprivileged_port_start"] = "77";

  EXPECT_EQ(Output("cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_unprivileged_port_start"),
            "300\n77\n");
}

TEST_F(ProcessTraits, NoDescriptorOfTheRuntimeIsLeft) {
  EXPECT_EQ(Output("ls /proc/self/fd | wc -l"), "4\n");  // 0, 1, 2 and the listing's own
}

TEST_F(ProcessTraits, NoSignalIsBlockedAndSigpipeKills) {
  const std::string out = Output("grep SigBlk /proc/self/status; yes | head -n 1");

  EXPECT_THAT(out, HasSubstr("SigBlk:\t0000000000000000\ny\n"));
}

TEST_F(ProcessTraits, MaskedAndReadonlyPathsHold) {
  const std::string out = Output(
      "cat /proc/keys | wc -c; if echo 1 > /proc/sys/kernel/panic; then echo wrote; fi 2>&1; true");

  EXPECT_THAT(out, ::testing::StartsWith("0\n"));
  EXPECT_THAT(out, Not(HasSubstr("wrote")));
}

TEST_F(ProcessTraits, SeccompFilterIsInForce) {
  spec::Seccomp& seccomp = bundle_.config().linux.seccomp.emplace();
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls = {{.names = {"mkdir", "mkdirat"}, .action = "SCMP_ACT_ERRNO", .errno_ret = 38}};

  const std::string out = Output("mkdir /tmp/x 2>&1; grep Seccomp: /proc/self/status");

  EXPECT_THAT(out, HasSubstr("Function not implemented"));
  EXPECT_THAT(out, HasSubstr("Seccomp:\t2"));
}

TEST_F(ProcessTraits, PreservedDescriptorsArePassed) {
  bundle_.Shell("cat <&3");
  bundle_.dir().Write("note", "from three\n");
  const UniqueFd note(::open((bundle_.dir() / "note").c_str(), O_RDONLY | O_CLOEXEC));
  Command command = caisson_.CommandFor(
      {"run", "--preserve-fds", "1", "-b", bundle_.path(), caisson_.Id("preserve")});
  command.fds = {{note.get(), 3}};

  const auto ran = RunCommand(std::move(command), "", Deadline::After(std::chrono::seconds(20)));

  ASSERT_TRUE(ran) << ran.error().message();
  EXPECT_EQ(ran->out, "from three\n") << ran->err;
  const CommandOutput closed =
      caisson_.Run({"run", "--preserve-fds", "40", "-b", bundle_.path(), caisson_.Id("closed")});
  EXPECT_THAT(closed.err, HasSubstr("is not open"));
}

TEST_F(ProcessTraits, PreservedDescriptorsArePassedByCreateAndStart) {
  bundle_.Shell("cat <&3; sleep 600");
  bundle_.dir().Write("note", "from three\n");
  const UniqueFd note(::open((bundle_.dir() / "note").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd out(::open(caisson_.out().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  const std::string id = caisson_.Id("preserve-create");
  Command command =
      caisson_.CommandFor({"create", "--preserve-fds", "1", "-b", bundle_.path(), id});
  command.fds = {{out.get(), 1}, {out.get(), 2}, {note.get(), 3}};
  const auto creator = Spawn(command);
  ASSERT_TRUE(creator);
  ASSERT_TRUE(creator->Reap(Deadline::After(std::chrono::seconds(20))));

  // Its connection with init must not lie where the descriptor goes.
  const CommandOutput started = caisson_.Run({"start", id});

  EXPECT_TRUE(started.status.ok()) << started.err;
  Await([&] { return caisson_.DetachedOutput() == "from three\n"; });
}

TEST_F(ProcessTraits, AWorkingDirectoryOutsideTheRootIsRefused) {
  // CVE-2024-21626: a descriptor of the host's as the working directory.
  for (int fd = 3; fd < 24; ++fd) {
    SCOPED_TRACE(fd);
    bundle_.process().cwd = StrCat("/proc/self/fd/", fd);
    bundle_.Shell("pwd; ls ..");
    const CommandOutput ran = RunBundle("cwd");
    EXPECT_EQ(ran.status.code, 1) << ran.out;
    EXPECT_EQ(ran.out, "");
  }
}

}  // namespace
}  // namespace caisson::test
