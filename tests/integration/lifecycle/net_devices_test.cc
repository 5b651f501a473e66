// SPDX-License-Identifier: Apache-2.0
// linux.netDevices, with interfaces of a network namespace that the test makes for its "host".
#include <net/if.h>
#include <sched.h>

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

}  // namespace
}  // namespace caisson::test
