// SPDX-License-Identifier: Apache-2.0
// What a container's life shows to others: figures, readiness, notifications.
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "runtime/base/socket.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Seen : public Lifecycle {};

TEST_F(Seen, RunTellsWhatItCost) {
  bundle_.Shell("exit 6");
  const std::string file = caisson_.dir() / "stats.json";

  EXPECT_EQ(RunBundle("stats", {"--stats-json", file}).status.code, 6);

  EXPECT_THAT(caisson_.dir().Read("stats.json"),
              MatchesRegex("\\{\"exitCode\":6,\"signal\":0,\"oomKills\":0,\"cpuNs\":[0-9]+,.*"
                           "\"memoryPeakBytes\":[0-9]+,\"pidsPeak\":.*\\}\n"));
}

TEST_F(Seen, RunTellsWhenTheMemoryLimitEndedIt) {
  bundle_.config().linux.resources.memory.emplace().limit = 8 << 20;
  bundle_.config().linux.resources.memory->swap = 8 << 20;
  bundle_.Args({"/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=32M", "count=1"});

  const CommandOutput ran = RunBundle("oomrun");

  EXPECT_EQ(ran.status.code, 137);
  EXPECT_THAT(ran.err,
              HasSubstr("level=warning msg=\"memory limit of 8388608 bytes: the kernel killed "
                        "1 of the container's processes: out of memory (try: raise "
                        "linux.resources.memory.limit)\""));
}

// Whoever killed it knows.
TEST_F(Seen, RunSaysNothingOfAKillOfSomebodyElses) {
  std::erase_if(bundle_.config().linux.namespaces, [](const spec::Namespace& entry) {
    return entry.type == spec::NamespaceType::kPid;
  });
  bundle_.config().linux.resources.memory.emplace().limit = 64 << 20;
  bundle_.Shell("kill -9 $$");

  const CommandOutput ran = RunBundle("killed");

  EXPECT_EQ(ran.status.code, 137);
  EXPECT_EQ(ran.err, "");
}

TEST_F(Seen, EventsEndWithTheContainerAndTellOom) {
  bundle_.config().linux.resources.memory.emplace().limit = 8 << 20;
  bundle_.config().linux.resources.memory->swap = 8 << 20;
  bundle_.Shell("read go; dd if=/dev/zero of=/dev/null bs=32M count=1; sleep 600");
  int go[2];
  ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
  const UniqueFd reader(go[0]);
  UniqueFd writer(go[1]);
  const std::string id = caisson_.Id("oom");
  Command run = caisson_.CommandFor({"run", "-b", bundle_.path(), id});
  run.fds = {{reader.get(), 0}};
  auto container = Spawn(run);
  ASSERT_TRUE(container);
  Await([&] { return caisson_.StatusOf(id) == "running"; });

  // A minute between figures: what is told before that is told because it happened.
  const std::string trace = caisson_.dir() / "trace";
  Command events = caisson_.CommandFor({"--trace", trace, "events", "--interval", "1m", id});
  const UniqueFd out(
      ::open((caisson_.dir() / "events").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  events.fds = {{out.get(), 1}};
  auto watcher = Spawn(events);
  ASSERT_TRUE(watcher);
  const auto first_line = [&] { return caisson_.dir().Read("events").find('\n'); };
  Await([&] { return first_line() != std::string::npos; });
  ASSERT_EQ(::write(writer.get(), "go\n", 3), 3);
  Await([&] { return caisson_.dir().Read("events").find("\"oom\"") != std::string::npos; });
  EXPECT_TRUE(caisson_.Run({"kill", id, "KILL"}).status.ok());

  EXPECT_TRUE(container->Reap(Deadline::After(std::chrono::seconds(20))));
  const auto ended = watcher->Reap(Deadline::After(std::chrono::seconds(20)));
  ASSERT_TRUE(ended && *ended);
  EXPECT_EQ((*ended)->code, 0);
  EXPECT_THAT(caisson_.dir().Read("events"),
              HasSubstr(StrCat("{\"type\":\"oom\",\"id\":\"", id, "\"}\n")));
  EXPECT_THAT(caisson_.dir().Read("trace"), HasSubstr("\"point\":\"cgroup.monitor\""));
  EXPECT_THAT(caisson_.dir().Read("trace"), HasSubstr("\"point\":\"cgroup.oom\""));
}

TEST_F(Seen, ReadinessIsPassedOnWithTheMainPid) {
  // busybox has no datagram client, so the test speaks for the container, through its mount.
  const std::string manager = caisson_.dir() / "manager.sock";
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, manager.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  bundle_.Shell("echo $NOTIFY_SOCKET > /tmp/name; ls $NOTIFY_SOCKET > /tmp/seen; sleep 600");
  const std::string id = caisson_.Id("notify");
  Command command = caisson_.CommandFor({"run", "-d", "-b", bundle_.path(), id});
  command.env = {StrCat("NOTIFY_SOCKET=", manager), "PATH=/usr/bin:/bin"};
  auto run = Spawn(command);
  ASSERT_TRUE(run);

  const std::string theirs = StrCat(caisson_.root(), "/", id, "/notify/notify.sock");
  Await([&] { return ::access(bundle_.RootPath("tmp/seen").c_str(), F_OK) == 0; });
  sockaddr_un inside{};
  inside.sun_family = AF_UNIX;
  std::strncpy(inside.sun_path, theirs.c_str(), sizeof inside.sun_path - 1);
  ASSERT_EQ(::sendto(socket.get(), "STATUS=x\nREADY=1", 16, 0, reinterpret_cast<sockaddr*>(&inside),
                     sizeof inside),
            16)
      << theirs;

  const auto status = run->Reap(Deadline::After(std::chrono::seconds(20)));
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, 0);
  char text[256] = {};
  ASSERT_GT(::recv(socket.get(), text, sizeof text - 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(std::string(text), StrCat("MAINPID=", caisson_.PidOf(id), "\nREADY=1"));
  EXPECT_EQ(bundle_.dir().Read("rootfs/tmp/name"), "/run/notify/notify.sock\n");
}

TEST_F(Seen, ASeccompListenerGetsTheContainersSystemCalls) {
  const std::string path = caisson_.dir() / "agent.sock";
  auto listener = ListenUnix(path, SocketType::kStream);
  ASSERT_TRUE(listener);
  spec::Seccomp& seccomp = bundle_.config().linux.seccomp.emplace();
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.listener_path = path;
  seccomp.listener_metadata = "meta";
  seccomp.syscalls = {{.names = {"mkdir"}, .action = "SCMP_ACT_NOTIFY"}};
  bundle_.Shell("mkdir /tmp/asked; echo $?");
  const std::string id = caisson_.Id("seccomp");
  auto run = Spawn(caisson_.CommandFor({"run", "-b", bundle_.path(), id}));
  ASSERT_TRUE(run);

  const UniqueFd client(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  auto packet = ReceivePacket(client, 65536);
  ASSERT_TRUE(packet);
  ASSERT_EQ(packet->fds.size(), 1U);
  EXPECT_THAT(packet->bytes, HasSubstr("\"metadata\":\"meta\""));
  EXPECT_THAT(packet->bytes, HasSubstr(StrCat("\"id\":\"", id, "\"")));
  seccomp_notif request{};
  ASSERT_EQ(::ioctl(packet->fds[0].get(), SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
  seccomp_notif_resp answer{};
  answer.id = request.id;
  answer.error = -EMFILE;
  ASSERT_EQ(::ioctl(packet->fds[0].get(), SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);

  const auto status = run->Reap(Deadline::After(std::chrono::seconds(20)));
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, 0);
  EXPECT_LT(::access(bundle_.RootPath("tmp/asked").c_str(), F_OK), 0);
}

TEST_F(Seen, FeaturesAreJsonWithWhatIsThere) {
  const std::string features = caisson_.Run({"features"}).out;

  EXPECT_THAT(features, HasSubstr("\"ociVersionMax\": \"1.3.0\""));
  EXPECT_THAT(features, HasSubstr("\"CAP_CHECKPOINT_RESTORE\""));
  EXPECT_THAT(features, HasSubstr("\"SCMP_ACT_NOTIFY\""));
  EXPECT_THAT(features, HasSubstr("\"rro\""));
  EXPECT_THAT(features, HasSubstr("\"MPOL_BIND\""));
}

TEST_F(Seen, DoctorFindsThisHostUsable) {
  const CommandOutput doctor = caisson_.Run({"doctor"});

  EXPECT_TRUE(doctor.status.ok()) << doctor.out;
  EXPECT_THAT(doctor.out, HasSubstr("ok       kernel "));
  EXPECT_THAT(doctor.out, HasSubstr("cgroups, "));
}

}  // namespace
}  // namespace caisson::test
