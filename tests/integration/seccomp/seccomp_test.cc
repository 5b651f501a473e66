// SPDX-License-Identifier: Apache-2.0
// System call filters through the whole program: in force, cached, and with an agent that answers.
#include <gmock/gmock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "runtime/base/socket.h"
#include "runtime/spec/config.h"
#include "tests/support/bundle.h"
#include "tests/support/leak_check.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

using testing::HasSubstr;

constexpr int kLimitMs = 20'000;

class SeccompRuns : public ::testing::Test {
 protected:
  void SetUp() override { CAISSON_REQUIRE(Need::kRoot, Need::kBusybox); }

  CommandOutput RunBundle(std::string_view name) {
    bundle_.Save();
    return caisson_.Run({"run", "-b", bundle_.path(), caisson_.Id(name)});
  }
  static spec::Seccomp Notifying(std::string call, std::string listener) {
    return {.default_action = "SCMP_ACT_ALLOW",
            .listener_path = std::move(listener),
            .listener_metadata = "the \"metadata\"",
            .syscalls = {{.names = {std::move(call)}, .action = "SCMP_ACT_NOTIFY"}}};
  }

  LeakCheck leaks_;  // first, so that it looks last
  Caisson caisson_;
  Bundle bundle_;
};

// The agent's side of the protocol.
class Agent {
 public:
  explicit Agent(const std::string& path) {
    auto listening = ListenUnix(path, SocketType::kStream);
    EXPECT_TRUE(listening) << listening.error().message();
    listening_ = std::move(*listening);
  }
  // Takes one connection; its text and descriptor.
  Packet Receive() {
    if (!Readable(listening_.get())) return {};
    const UniqueFd peer(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    auto packet = ReceivePacket(peer, 64 * 1024);
    EXPECT_TRUE(packet) << packet.error().message();
    return packet ? std::move(*packet) : Packet{};
  }
  // Answers the next notification with an errno.
  static bool Refuse(const UniqueFd& listener, int err) {
    if (!Readable(listener.get())) return false;
    seccomp_notif request{};
    if (::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return false;
    seccomp_notif_resp response{};
    response.id = request.id;
    response.error = -err;
    return ::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
  }

 private:
  static bool Readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    const bool ready = ::poll(&entry, 1, kLimitMs) == 1;
    EXPECT_TRUE(ready) << "nothing came";
    return ready;
  }
  UniqueFd listening_;
};

spec::Seccomp UsualProfile() {
  const auto text = ReadFile(CAISSON_PROFILE);
  const auto config = spec::ParseConfig(
      StrCat("{\"ociVersion\":\"1.2.0\",\"linux\":{\"seccomp\":", text ? *text : "", "}}"));
  EXPECT_TRUE(config && config->linux.seccomp);
  return config ? *config->linux.seccomp : spec::Seccomp{};
}

TEST_F(SeccompRuns, UsualProfileIsInForceAndComesFromTheCacheTheSecondTime) {
  bundle_.config().linux.seccomp = UsualProfile();
  bundle_.Shell("grep Seccomp: /proc/self/status; mount -t tmpfs x /tmp 2>&1 | wc -l");

  for (const char* name : {"cold", "warm"}) {
    const CommandOutput ran = RunBundle(name);
    EXPECT_EQ(ran.out, "Seccomp:\t2\n1\n") << ran.err;
  }
  struct stat cache {};
  ASSERT_EQ(::stat(StrCat(caisson_.root(), ".cache").c_str(), &cache), 0);
  EXPECT_EQ(cache.st_mode & 07777, 0700u);
}

TEST_F(SeccompRuns, FilterWithoutNoNewPrivilegesLeavesNoAdminBehind) {
  bundle_.process().no_new_privileges = false;
  bundle_.process().user.uid = 0;
  bundle_.config().linux.seccomp = UsualProfile();
  bundle_.Shell("grep -E 'CapPrm|CapEff|NoNewPrivs|Seccomp:' /proc/self/status");

  const CommandOutput ran = RunBundle("admin");

  EXPECT_EQ(ran.out,
            "CapPrm:\t0000000020000420\nCapEff:\t0000000020000420\nNoNewPrivs:\t0\nSeccomp:\t2\n")
      << ran.err;
}

TEST_F(SeccompRuns, AgentGetsTheListenerAndAnswers) {
  Agent agent(caisson_.dir() / "agent");
  bundle_.config().linux.seccomp = Notifying("mkdir", caisson_.dir() / "agent");
  bundle_.Shell("mkdir /tmp/x 2>&1");
  bundle_.Save();
  const std::string id = caisson_.Id("notify");

  const CommandOutput ran = caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id});
  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  const Packet packet = agent.Receive();
  const pid_t pid = caisson_.PidOf(id);
  EXPECT_THAT(packet.bytes, HasSubstr(StrCat("\"fds\":[\"seccompFd\"],\"pid\":", pid,
                                             ",\"metadata\":\"the \\\"metadata\\\"\"")));
  EXPECT_THAT(packet.bytes, HasSubstr(StrCat("\"id\":\"", id, "\"")));
  ASSERT_EQ(packet.fds.size(), 1u);
  EXPECT_TRUE(Agent::Refuse(packet.fds[0], EDQUOT));
  caisson_.AwaitStopped(id);

  EXPECT_THAT(caisson_.DetachedOutput(), HasSubstr("Disk quota exceeded"));
}

TEST_F(SeccompRuns, AgentIsAskedForEveryExecToo) {
  Agent agent(caisson_.dir() / "agent");
  bundle_.config().linux.seccomp = Notifying("mkdir", caisson_.dir() / "agent");
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("exec");
  const CommandOutput ran = caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id});
  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  ASSERT_EQ(agent.Receive().fds.size(), 1u);

  const CommandOutput executed =
      caisson_.RunDetached({"exec", "-d", id, "/bin/sh", "-c", "mkdir /tmp/x; touch /tmp/done"});
  ASSERT_TRUE(executed.status.ok()) << caisson_.DetachedErrors();
  const Packet packet = agent.Receive();
  EXPECT_THAT(packet.bytes, HasSubstr("\"status\":\"running\""));
  ASSERT_EQ(packet.fds.size(), 1u);
  EXPECT_TRUE(Agent::Refuse(packet.fds[0], EPERM));
}

TEST_F(SeccompRuns, EvenTheCallsOfTheHandoverMayBeNotified) {
  Agent agent(caisson_.dir() / "agent");
  spec::Seccomp profile = Notifying("sendmsg", caisson_.dir() / "agent");
  profile.syscalls[0].names = {"sendmsg", "sendto", "close", "mkdir"};
  bundle_.config().linux.seccomp = profile;
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("handover");

  const CommandOutput ran = caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id});

  EXPECT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  EXPECT_EQ(agent.Receive().fds.size(), 1u);
}

}  // namespace
}  // namespace caisson::test
