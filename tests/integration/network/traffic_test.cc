// SPDX-License-Identifier: Apache-2.0
// What pods, node and outside can say to each other.
#include "tests/integration/network/pod_network_fixture.h"

namespace caisson::network {
namespace {

using test::Talk;
using testing::HasSubstr;

class Traffic : public testing_support::PodNetworkTest {
 protected:
  // The peer's address as the listener saw it, or the error's text.
  static std::string Say(const test::Exchange& exchange) {
    const auto peer = Talk(exchange);
    return peer ? *peer : peer.error().message();
  }
};

TEST_F(Traffic, PodsReachEachOtherByAddress) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  const Pod b = MakePod(*network, "b");

  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    EXPECT_EQ(Say({.type = type, .from = &a.netns, .to = &b.netns, .address = b.ip()}), a.ip());
    EXPECT_EQ(Say({.type = type, .from = &b.netns, .to = &a.netns, .address = a.ip()}), b.ip());
  }
}

// The kernel tells ports of a bridge late that they have carrier; packets before that are lost, and
// TCP repeats its first one after a second.
TEST_F(Traffic, PodsFirstPacketAfterAttachIsNotLost) {
  for (int round = 0; round < 30; ++round) {
    PodNetworkConfig config = Config();
    config.bridge = StrCat("round", round);
    config.state_dir = dir_ / config.bridge;
    const auto network = Open(config);
    const Pod a = MakePod(*network, "a");
    EXPECT_EQ(Say({.from = &a.netns,
                   .address = a.attachment.gateways.front().ToString(),
                   .deadline = Deadline::After(std::chrono::milliseconds(900))}),
              a.ip());
    ASSERT_TRUE(network->Teardown());
  }
}

TEST_F(Traffic, NodeReachesPodsAndPodsReachTheNode) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  const std::string gateway = a.attachment.gateways.front().ToString();

  EXPECT_EQ(Say({.to = &a.netns, .address = a.ip()}), gateway);
  EXPECT_EQ(Say({.from = &a.netns, .address = gateway}), a.ip());
}

TEST_F(Traffic, PodReachesItselfOverLoopback) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  EXPECT_EQ(Say({.from = &a.netns, .to = &a.netns, .address = "127.0.0.1"}), "127.0.0.1");
}

TEST_F(Traffic, WhatLeavesTheNodeHasTheNodesAddress) {
  const auto network = Open();
  const UniqueFd outside = MakeOutside();
  const Pod a = MakePod(*network, "a");

  for (const int type : {SOCK_STREAM, SOCK_DGRAM})
    EXPECT_EQ(Say({.type = type, .from = &a.netns, .to = &outside, .address = "192.0.2.2"}),
              "192.0.2.1");
}

TEST_F(Traffic, WithoutMasqueradePodsKeepTheirAddress) {
  PodNetworkConfig config = Config();
  config.masquerade = false;
  const auto network = Open(config);
  const UniqueFd outside = MakeOutside();
  auto far = NetlinkSocket::OpenIn(outside).value();
  ASSERT_TRUE(far.Send(SetRoute({.gateway = IpAddress::Parse("192.0.2.1").value(),
                                 .link_index = FindLink(far, "eth0").value()->index})));
  const Pod a = MakePod(*network, "a");

  EXPECT_EQ(Say({.from = &a.netns, .to = &outside, .address = "192.0.2.2"}), a.ip());
}

TEST_F(Traffic, HostPortLeadsIntoThePodFromEverywhere) {
  const auto network = Open();
  const UniqueFd outside = MakeOutside();
  const Pod a = MakePod(*network, "a",
                        {{.host_port = 8080, .pod_port = 80},
                         {.host_port = 5353, .pod_port = 53, .protocol = Protocol::kUdp}});
  const Pod b = MakePod(*network, "b");
  const std::string gateway = a.attachment.gateways.front().ToString();
  const auto call = [&](const UniqueFd* from, const std::string& address) {
    return Say({.from = from, .to = &a.netns, .address = address, .port = 80, .port_called = 8080});
  };

  EXPECT_EQ(call(&outside, "192.0.2.1"), "192.0.2.2") << "from outside, with its own address";
  EXPECT_EQ(call(nullptr, "192.0.2.1"), "192.0.2.1") << "from the node";
  EXPECT_EQ(call(nullptr, "127.0.0.1"), gateway) << "from the node's loopback";
  EXPECT_EQ(call(&b.netns, "192.0.2.1"), gateway) << "from another pod";
  EXPECT_EQ(call(&a.netns, "192.0.2.1"), gateway) << "from the pod itself";
  EXPECT_EQ(Say({.type = SOCK_DGRAM,
                 .from = &outside,
                 .to = &a.netns,
                 .address = "192.0.2.1",
                 .port = 53,
                 .port_called = 5353}),
            "192.0.2.2");
}

TEST_F(Traffic, HostPortOfOneAddressIsNotThereOnAnother) {
  const auto network = Open();
  const UniqueFd outside = MakeOutside();
  const Pod a = MakePod(
      *network, "a",
      {{.host_port = 8080, .pod_port = 80, .host_ip = IpAddress::Parse("127.0.0.1").value()}});
  const auto call = [&](const UniqueFd* from, const std::string& address) {
    return Say({.from = from,
                .to = &a.netns,
                .address = address,
                .port = 80,
                .port_called = 8080,
                .deadline = Deadline::After(std::chrono::milliseconds(300))});
  };
  EXPECT_EQ(call(nullptr, "127.0.0.1"), a.attachment.gateways.front().ToString());
  EXPECT_THAT(call(&outside, "192.0.2.1"), HasSubstr("ETIMEDOUT"));
}

TEST_F(Traffic, HostPortEndsWithThePod) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a", {{.host_port = 8080, .pod_port = 80}});
  ASSERT_TRUE(network->Detach("a"));

  EXPECT_THAT(Say({.to = &a.netns,
                   .address = "127.0.0.1",
                   .port = 80,
                   .port_called = 8080,
                   .deadline = Deadline::After(std::chrono::milliseconds(300))}),
              HasSubstr("ETIMEDOUT"));
  const Pod b = MakePod(*network, "b", {{.host_port = 8080, .pod_port = 80}});
  EXPECT_EQ(Say({.to = &b.netns, .address = "127.0.0.1", .port = 80, .port_called = 8080}),
            b.attachment.gateways.front().ToString());
}

// A resolver or a logger sends from one port for ever; the kernel would go on to translate its flow
// to the pod that had the host port when it began.
TEST_F(Traffic, UdpFlowFollowsItsHostPortToAnotherPod) {
  const auto network = Open();
  const UniqueFd outside = MakeOutside();
  const PortMapping port{.host_port = 5353, .pod_port = 53, .protocol = Protocol::kUdp};
  const auto call = [&](const UniqueFd& pod) {
    return Say({.type = SOCK_DGRAM,
                .from = &outside,
                .to = &pod,
                .address = "192.0.2.1",
                .port = 53,
                .port_called = 5353,
                .port_from = 4444,
                .deadline = Deadline::After(std::chrono::seconds(1))});
  };
  const Pod none = MakePod(*network, "none");
  EXPECT_THAT(call(none.netns), HasSubstr("ETIMEDOUT")) << "a flow to a port that nobody has";
  const Pod a = MakePod(*network, "a", {port});
  EXPECT_EQ(call(a.netns), "192.0.2.2");
  ASSERT_TRUE(network->Detach("a"));
  const Pod b = MakePod(*network, "b", {port});
  EXPECT_EQ(call(b.netns), "192.0.2.2");
}

// CVE-2020-8558: with route_localnet on, a neighbour could reach what the node serves on 127.0.0.1.
TEST_F(Traffic, PodsDoNotReachTheNodesLoopbackServices) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  auto pod = NetlinkSocket::OpenIn(a.netns).value();
  ASSERT_EQ(ReadSysctl("net/ipv4/conf/caisson0/route_localnet"), "1");
  // The pod turns its own loopback towards the node.
  ASSERT_TRUE(InNetns(a.netns, [] {
    return WriteFileAt(kCwd, "/proc/sys/net/ipv4/conf/eth0/route_localnet", "1");
  }));
  ASSERT_TRUE(pod.Send(
      DeleteAddress(FindLink(pod, "lo").value()->index, Cidr::Parse("127.0.0.1/8").value()),
      SetRoute({.destination = Cidr::Parse("127.0.0.0/8").value(),
                .gateway = a.attachment.gateways.front(),
                .link_index = FindLink(pod, "eth0").value()->index})));

  EXPECT_THAT(Say({.type = SOCK_DGRAM,
                   .from = &a.netns,
                   .address = "127.0.0.1",
                   .deadline = Deadline::After(std::chrono::milliseconds(300))}),
              HasSubstr("ETIMEDOUT"));
}

TEST_F(Traffic, DualStackPodsSpeakBothFamiliesAtOnce) {
  if (::access("/proc/sys/net/ipv6", F_OK) != 0) GTEST_SKIP() << "this kernel has no IPv6";
  PodNetworkConfig config = Config();
  config.pod_cidr_v6 = Cidr::Parse("fd00:10:245::/64").value();
  const auto network = Open(config);
  const Pod a = MakePod(*network, "a");
  const Pod b = MakePod(*network, "b", {{.host_port = 8080, .pod_port = 80}});
  ASSERT_EQ(b.attachment.addresses.size(), 2u);
  const std::string a6 = a.attachment.addresses[1].address().ToString();
  const std::string b6 = b.attachment.addresses[1].address().ToString();

  EXPECT_EQ(Say({.from = &a.netns, .to = &b.netns, .address = b6}), a6);
  EXPECT_EQ(Say({.from = &a.netns, .to = &b.netns, .address = b.ip()}), a.ip());
  EXPECT_EQ(Say({.to = &b.netns, .address = b6}), b.attachment.gateways[1].ToString());
  EXPECT_EQ(Say({.from = &a.netns,
                 .to = &b.netns,
                 .address = b.attachment.gateways[1].ToString(),
                 .port = 80,
                 .port_called = 8080}),
            b.attachment.gateways[1].ToString());
}

}  // namespace
}  // namespace caisson::network
