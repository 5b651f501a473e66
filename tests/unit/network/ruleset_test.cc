// SPDX-License-Identifier: Apache-2.0
#include "network/firewall/ruleset.h"

#include <gmock/gmock.h>

#include "network/firewall/firewall.h"
#include "network/links/link_messages.h"
#include "network/pod_network/node_setup.h"
#include "network/pod_network/pod_link.h"

namespace caisson::network {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }
FirewallConfig Config() { return {.pod_networks = {Cidr::Parse("10.245.0.0/16").value()}}; }

TEST(WholeRuleset, ReplacesItsTableInTheSameTransaction) {
  EXPECT_THAT(WholeRuleset(Config(), {}),
              StartsWith("add table inet caisson\ndelete table inet caisson\n"
                         "table inet caisson {\n"));
}

TEST(WholeRuleset, MasqueradesOnlyWhatLeavesThePodNetwork) {
  const std::string rule =
      "ip saddr 10.245.0.0/16 ip daddr != 10.245.0.0/16 oifname != \"caisson0\" masquerade";
  EXPECT_THAT(WholeRuleset(Config(), {}), HasSubstr(rule));
  FirewallConfig without = Config();
  without.masquerade = false;
  EXPECT_THAT(WholeRuleset(without, {}), Not(HasSubstr(rule)));
}

TEST(WholeRuleset, PodsDoNotReachTheNodesLoopback) {
  EXPECT_THAT(WholeRuleset(Config(), {}),
              HasSubstr("iifname \"caisson0\" ip daddr 127.0.0.0/8 drop"));
}

TEST(WholeRuleset, SecondFamilyHasItsOwnMapsAndRules) {
  FirewallConfig dual = Config();
  dual.pod_networks.push_back(Cidr::Parse("fd00:10:245::/64").value());
  const std::string text = WholeRuleset(dual, {});
  EXPECT_THAT(text, HasSubstr("map host_ports_v6"));
  EXPECT_THAT(text, HasSubstr("ip6 saddr fd00:10:245::/64 ip6 daddr != fd00:10:245::/64"));
  EXPECT_THAT(WholeRuleset(Config(), {}), Not(HasSubstr("ip6")));
}

TEST(ForwardsText, HostIpDecidesTheMap) {
  const std::vector<PortForward> forwards{
      {{.host_port = 8080, .pod_port = 80}, Ip("10.245.0.2")},
      {{.host_port = 53, .pod_port = 5353, .protocol = Protocol::kUdp, .host_ip = Ip("192.0.2.1")},
       Ip("10.245.0.3")}};
  EXPECT_EQ(AddForwardsText(Config(), forwards),
            "add element inet caisson host_ports_v4 { tcp . 8080 : 10.245.0.2 . 80 }\n"
            "add element inet caisson host_ip_ports_v4 "
            "{ 192.0.2.1 . udp . 53 : 10.245.0.3 . 5353 }\n");
  EXPECT_THAT(DeleteForwardsText(Config(), forwards), StartsWith("delete element inet caisson"));
}

TEST(Firewall, TableNameThatWouldBeMoreThanANameIsRefused) {
  for (const char* name : {"", "a b", "x; flush ruleset", "0table", "{"}) {
    FirewallConfig config = Config();
    config.table = name;
    const auto firewall = Firewall::Open(config);
    ASSERT_FALSE(firewall) << name;
    EXPECT_EQ(firewall.error().message(), StrCat("\"", name, "\" is not a table name"));
  }
}

TEST(CheckInterfaceName, KernelsRulesHold) {
  for (const char* good : {"caisson0", "a", "br-0.1", "fifteen-bytes-x"})
    EXPECT_TRUE(CheckInterfaceName(good)) << good;
  for (const char* bad :
       {"", ".", "..", "sixteen-bytes-xy", "a/b", "a b", "a:b", "veth%d", "a\"b"}) {
    const Status checked = CheckInterfaceName(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().message(), StrCat("\"", bad, "\" is not an interface name"));
  }
}

TEST(PodLinkName, FollowsFromPodAndNetns) {
  const std::string name = PodLinkName("0b1c", 4026531840);
  EXPECT_EQ(name.size(), 14u);
  EXPECT_TRUE(CheckInterfaceName(name));
  EXPECT_TRUE(IsPodLinkName(name));
  EXPECT_EQ(PodLinkName("0b1c", 4026531840), name);
  EXPECT_NE(PodLinkName("0b1c", 4026531841), name);
  EXPECT_NE(PodLinkName("0b1d", 4026531840), name);
  for (const char* other : {"eth0", "cv", "cv0123456789ag", "cv0123456789abc", "vc0123456789ab"})
    EXPECT_FALSE(IsPodLinkName(other)) << other;
}

TEST(MacFor, IsLocalAndFollowsFromTheAddress) {
  EXPECT_EQ(MacFor(Ip("10.245.1.2")), (MacAddress{0x0a, 0x58, 10, 245, 1, 2}));
}

}  // namespace
}  // namespace caisson::network
