// SPDX-License-Identifier: Apache-2.0
// linux.netDevices, with interfaces of a network namespace that the test makes for its "host".
#include <net/if.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "runtime/base/file.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class NetDevices : public Lifecycle {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot, Need::kBusybox, Need::kNetNs);
    auto own = OpenAt(kCwd, "/proc/self/ns/net", O_RDONLY);
    ASSERT_TRUE(own);
    own_ = std::move(own).value();
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    Ip("link add test0 address 02:00:00:00:00:07 mtu 1400 type veth peer name test1");
    Ip("addr add 192.0.2.7/24 dev test0");
    Ip("addr add 2001:db8::7/64 dev test0");
    Ip("link set test0 up");
    bundle_.Args({"/bin/ip", "addr"});
  }
  void TearDown() override {
    if (!own_.valid()) return;
    ASSERT_EQ(::setns(own_.get(), CLONE_NEWNET), 0);
  }
  std::string Ip(const std::string& words) const {
    auto ran = RunCommand({.argv = {"/bin/sh", "-c", StrCat("ip ", words)}}, "",
                          Deadline::After(std::chrono::seconds(20)));
    EXPECT_TRUE(ran && ran->status.ok()) << words << (ran ? ran->err : "");
    return ran ? ran->out : std::string();
  }

 private:
  UniqueFd own_;
};

TEST_F(NetDevices, AnInterfaceGoesInWithNameAddressesAndMtu) {
  bundle_.config().linux.net_devices = {{.host_name = "test0", .container_name = "ctr0"}};
  bundle_.Save();

  const CommandOutput ran = RunBundle("device");

  EXPECT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("ctr0[@a-z0-9]*: <[A-Z,_-]*UP[A-Z,_-]*> mtu 1400"));
  EXPECT_THAT(ran.out, HasSubstr("02:00:00:00:00:07"));
  EXPECT_THAT(ran.out, HasSubstr("inet 192.0.2.7/24 scope global"));
  EXPECT_THAT(ran.out, HasSubstr("inet6 2001:db8::7/64"));
  EXPECT_THAT(Ip("link"), Not(HasSubstr("test0")));
}

TEST_F(NetDevices, WithoutANewNameItKeepsItsOwn) {
  bundle_.config().linux.net_devices = {{.host_name = "test0", .container_name = ""}};
  bundle_.Save();

  EXPECT_THAT(RunBundle("device").out, HasSubstr(" test0"));
}

TEST_F(NetDevices, OneThatIsNotThereIsNamed) {
  bundle_.config().linux.net_devices = {{.host_name = "test9", .container_name = ""}};
  bundle_.Save();

  const CommandOutput ran = RunBundle("device");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("linux.netDevices: find interface \\\"test9\\\": No such device"));
}

TEST_F(NetDevices, ATakenNameIsRefusedAndTheInterfaceStays) {
  bundle_.config().linux.net_devices = {{.host_name = "test0", .container_name = "lo"}};
  bundle_.Save();

  const CommandOutput ran = RunBundle("device");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("linux.netDevices: move interface \\\"test0\\\": File exists"));
  EXPECT_THAT(ran.err, HasSubstr("has an interface \\\"lo\\\" already"));
  EXPECT_THAT(Ip("addr show test0"), HasSubstr("192.0.2.7/24"));
}

// Whatever goes wrong after the move, the interface is at home again, as it was.
class NetDevicesComeBack : public NetDevices {
 protected:
  void SetUp() override {
    NetDevices::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    Ip("addr add 192.0.2.77/24 dev test0 label test0:x valid_lft 3600 preferred_lft 1800");
    Ip("addr add 169.254.9.9/16 scope link dev test0");
    Ip("link add test8 type veth peer name test9");
    Ip("addr add 198.51.100.8/24 dev test8");
    bundle_.config().linux.net_devices = {{.host_name = "test0", .container_name = "ctr0"},
                                          {.host_name = "test8", .container_name = ""}};
    bundle_.Save();
  }
  void ExpectAllAtHome() const {
    const std::string first = Ip("addr show test0");
    EXPECT_THAT(first, ::testing::ContainsRegex("<[A-Z,_-]*UP[A-Z,_-]*> mtu 1400"));
    for (const char* const address :
         {"inet 192.0.2.7/24", "inet 192.0.2.77/24", "test0:x", "inet 169.254.9.9/16 scope link",
          "inet6 2001:db8::7/64", "valid_lft 3"})
      EXPECT_THAT(first, HasSubstr(address));
    const std::string second = Ip("addr show test8");
    EXPECT_THAT(second, HasSubstr("inet 198.51.100.8/24"));
    EXPECT_THAT(second, Not(::testing::ContainsRegex("<[A-Z,_-]*UP[A-Z,_-]*>")));
    EXPECT_THAT(Ip("link"), Not(HasSubstr("ctr0")));
  }
};

TEST_F(NetDevicesComeBack, WhenALaterOneIsNotThere) {
  bundle_.config().linux.net_devices.push_back({.host_name = "test7", .container_name = ""});
  bundle_.Save();

  const CommandOutput ran = RunBundle("device");

  EXPECT_THAT(ran.err, HasSubstr("linux.netDevices: find interface \\\"test7\\\""));
  ExpectAllAtHome();
}

TEST_F(NetDevicesComeBack, WhenTheProgramIsNotThere) {
  bundle_.Args({"/no/such/program"});

  EXPECT_THAT(RunBundle("device").err, HasSubstr("no such file or directory"));

  ExpectAllAtHome();
}

TEST_F(NetDevicesComeBack, WhenTheProgramCannotBeStarted) {
  bundle_.dir().Write("rootfs/bin/text", "neither ELF nor script");
  std::filesystem::permissions(bundle_.RootPath("bin/text"), std::filesystem::perms(0755));
  bundle_.Args({"/bin/text"});

  EXPECT_THAT(RunBundle("device").err, HasSubstr("exec format error"));

  ExpectAllAtHome();
}

TEST_F(NetDevicesComeBack, WhenInitDies) {
  bundle_.config().hooks.create_runtime = {
      {.path = "/bin/sh",
       .args = {"sh", "-c", "kill -9 $(grep -o '\"pid\": *[0-9]*' | grep -o '[0-9]*')"},
       .env = std::vector<std::string>{"PATH=/usr/bin:/bin"}}};
  bundle_.Save();

  EXPECT_THAT(RunBundle("device").err, HasSubstr("was killed (SIGKILL)"));

  ExpectAllAtHome();
}

TEST_F(NetDevicesComeBack, FromANamespaceThatWasThereBefore) {
  auto& namespaces = bundle_.config().linux.namespaces;
  const auto network = std::find_if(namespaces.begin(), namespaces.end(), [](const auto& entry) {
    return entry.type == spec::NamespaceType::kNetwork;
  });
  const auto devices = std::exchange(bundle_.config().linux.net_devices, {});
  const pid_t pid = caisson_.PidOf(Sleeper("holder"));
  bundle_.config().linux.net_devices = devices;
  network->path = StrCat("/proc/", pid, "/ns/net");
  bundle_.Args({"/no/such/program"});

  EXPECT_THAT(RunBundle("device").err, HasSubstr("no such file or directory"));

  ExpectAllAtHome();
}

}  // namespace
}  // namespace caisson::test
