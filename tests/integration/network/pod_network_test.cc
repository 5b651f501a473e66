// SPDX-License-Identifier: Apache-2.0
// What stays, what goes, and what is put right.
#include "network/pod_network/pod_network.h"

#include <thread>

#include "runtime/base/run_command.h"
#include "tests/integration/network/pod_network_fixture.h"

namespace caisson::network {
namespace {

using test::NetworkSnapshot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PodNetworkLife : public testing_support::PodNetworkTest {
 protected:
  static LivePod Live(const Pod& pod) {
    return {pod.attachment.pod_uid, pod.attachment.netns_inode, {pod.attachment.ip()}, {}};
  }
  static std::string Nft(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "nft");
    const auto ran = RunCommand({.argv = arguments}, "", Deadline::After(std::chrono::seconds(20)));
    return ran ? ran->out + ran->err : ran.error().message();
  }
};

TEST_F(PodNetworkLife, PodGetsInterfaceAddressAndRouteAndItsLinkIsNamedAfterIt) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");

  EXPECT_EQ(a.attachment.addresses, std::vector{Cidr::Parse("10.245.0.2/16").value()});
  EXPECT_EQ(a.attachment.netns_inode, Inode(a.netns));
  auto pod = NetlinkSocket::OpenIn(a.netns).value();
  EXPECT_TRUE(FindLink(pod, "eth0").value()->up);
  EXPECT_TRUE(FindLink(pod, "lo").value()->up);
  const auto routes = ListRoutes(pod, Family::kIpv4).value();
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].gateway, a.attachment.gateways.front());
  auto node = NetlinkSocket::Open().value();
  const auto link = FindLink(node, a.attachment.host_interface).value();
  ASSERT_TRUE(link);
  EXPECT_EQ(link->alias, "test/a");
  EXPECT_EQ(link->kind, "veth");
  EXPECT_EQ(link->master_index, FindLink(node, "caisson0").value()->index);
}

TEST_F(PodNetworkLife, TeardownLeavesTheNodeAsItWas) {
  ASSERT_EQ(Nft({"add", "table", "inet", "other"}), "");
  ASSERT_TRUE(WriteFileAt(kCwd, "/proc/sys/net/ipv4/ip_forward", "0"));
  const std::string before = NetworkSnapshot();
  const auto network = Open();
  const Pod a = MakePod(*network, "a", {{.host_port = 80, .pod_port = 80}});
  const Pod b = MakePod(*network, "b");
  EXPECT_EQ(ReadSysctl("net/ipv4/ip_forward"), "1");

  const Status done = network->Teardown();

  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(NetworkSnapshot(), before);
  EXPECT_EQ(ReadSysctl("net/ipv4/ip_forward"), "0");
  EXPECT_NE(::access((dir_ / "network").c_str(), F_OK), 0);
}

TEST_F(PodNetworkLife, ForwardingThatWasOnBeforeStaysOn) {
  ASSERT_TRUE(WriteFileAt(kCwd, "/proc/sys/net/ipv4/ip_forward", "1"));
  ASSERT_TRUE(Open()->Teardown());
  EXPECT_EQ(ReadSysctl("net/ipv4/ip_forward"), "1");
}

TEST_F(PodNetworkLife, SysctlIsPutBackByALaterAgent) {
  ASSERT_TRUE(WriteFileAt(kCwd, "/proc/sys/net/ipv4/ip_forward", "0"));
  { const auto first = Open(); }
  ASSERT_TRUE(Open()->Teardown());
  EXPECT_EQ(ReadSysctl("net/ipv4/ip_forward"), "0");
}

TEST_F(PodNetworkLife, LinkGoesWithThePodsNamespace) {
  const auto network = Open();
  std::string host_interface;
  auto node = NetlinkSocket::Open().value();
  {
    const Pod a = MakePod(*network, "a");
    host_interface = a.attachment.host_interface;
    ASSERT_TRUE(network->Detach("a"));
    EXPECT_TRUE(FindLink(node, host_interface).value()) << "Detach does not wait for the kernel";
  }
  const auto deadline = Deadline::After(std::chrono::seconds(10));
  while (FindLink(node, host_interface).value() && !deadline.passed()) std::this_thread::yield();
  EXPECT_FALSE(FindLink(node, host_interface).value());
}

TEST_F(PodNetworkLife, RestartKeepsAddressesAndHostPorts) {
  Pod a;
  {
    const auto network = Open();
    a = MakePod(*network, "a", {{.host_port = 8080, .pod_port = 80}});
  }
  ASSERT_THAT(Nft({"delete", "table", "inet", "caisson"}), IsEmpty());

  const auto network = Open();

  ASSERT_TRUE(network->Find("a"));
  EXPECT_EQ(network->Find("a")->ip(), a.attachment.ip());
  EXPECT_EQ(network->Find("a")->host_interface, a.attachment.host_interface);
  EXPECT_TRUE(
      test::Talk({.to = &a.netns, .address = "127.0.0.1", .port = 80, .port_called = 8080}));
  EXPECT_EQ(MakePod(*network, "b").ip(), "10.245.0.3");
}

TEST_F(PodNetworkLife, AttachAgainRepairsAndAnswersTheSame) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  auto pod = NetlinkSocket::OpenIn(a.netns).value();
  ASSERT_TRUE(pod.Send(
      DeleteAddress(FindLink(pod, "eth0").value()->index, a.attachment.addresses.front())));

  const auto again = network->Attach({"a", a.netns, "test/a", {}});

  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->ip(), a.attachment.ip());
  EXPECT_TRUE(test::Talk({.to = &a.netns, .address = a.ip()}));
  ASSERT_TRUE(pod.Send(DeleteLink("eth0")));
  EXPECT_TRUE(network->Attach({"a", a.netns, "test/a", {}}));
  EXPECT_TRUE(test::Talk({.to = &a.netns, .address = a.ip()}));
}

TEST_F(PodNetworkLife, PodKeepsItsAddressThoughTheBookIsLost) {
  Pod a;
  Pod b;
  {
    const auto network = Open();
    a = MakePod(*network, "a");
    b = MakePod(*network, "b");
  }
  dir_.Write("network/leases", "");
  const auto network = Open();

  const auto again = network->Attach({"b", b.netns, "test/b", {}});
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->ip(), b.attachment.ip());
  ASSERT_TRUE(network->Attach({"a", a.netns, "test/a", {}}));
  EXPECT_EQ(network->Find("a")->ip(), a.attachment.ip());
}

TEST_F(PodNetworkLife, ReconcileKeepsTheLeaseOfAPodWhoseNamespaceIsNotKnown) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a");
  const std::vector<LivePod> live{{.pod_uid = "a"}};
  const auto report = network->Reconcile(live);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->released, IsEmpty());
  EXPECT_TRUE(network->Find("a"));
}

TEST_F(PodNetworkLife, ChangedHostPortsKeepTheAddress) {
  const auto network = Open();
  const Pod a = MakePod(*network, "a", {{.host_port = 80, .pod_port = 80}});
  const auto again = network->Attach({"a", a.netns, "a", {{.host_port = 81, .pod_port = 80}}});
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->ip(), a.attachment.ip());
  EXPECT_TRUE(test::Talk({.to = &a.netns, .address = "127.0.0.1", .port = 80, .port_called = 81}));
}

TEST_F(PodNetworkLife, PodWithANewNamespaceGetsAnotherAddress) {
  const auto network = Open();
  const Pod first = MakePod(*network, "a", {{.host_port = 80, .pod_port = 80}});
  const Pod second = MakePod(*network, "a", {{.host_port = 80, .pod_port = 80}});
  EXPECT_NE(second.ip(), first.ip());
  EXPECT_TRUE(
      test::Talk({.to = &second.netns, .address = "127.0.0.1", .port = 80, .port_called = 80}));
}

TEST_F(PodNetworkLife, FailedAttachLeavesNothing) {
  const auto network = Open();
  const UniqueFd netns = test::NewNetns();
  auto pod = NetlinkSocket::OpenIn(netns).value();
  ASSERT_TRUE(pod.Send(AddBridge({.name = "eth0", .mac = {0x0a, 0, 0, 0, 0, 1}})));
  const std::string before = NetworkSnapshot();

  const auto attached =
      network->Attach({"a", netns, "test/a", {{.host_port = 80, .pod_port = 80}}});

  ASSERT_FALSE(attached);
  EXPECT_THAT(attached.error().message(), HasSubstr("RTM_NEWLINK \"cv"));
  EXPECT_EQ(NetworkSnapshot(), before);
  EXPECT_FALSE(network->Find("a"));
}

TEST_F(PodNetworkLife, ReconcileReleasesTheDeadAndReclaimsTheLost) {
  Pod a;
  Pod b;
  {
    const auto network = Open();
    a = MakePod(*network, "a");
    b = MakePod(*network, "b");
    MakePod(*network, "dead");
  }
  dir_.Write("network/leases", "power was lost");
  const auto network = Open();
  const Pod stale = MakePod(*network, "stale");  // takes a's address, as far as it knows

  ASSERT_EQ(stale.ip(), a.ip());
  const std::vector<LivePod> live{Live(a), Live(b)};
  const auto report = network->Reconcile(live);

  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(report->released, ElementsAre("stale"));
  EXPECT_THAT(report->reclaimed, ElementsAre("a", "b"));
  EXPECT_EQ(network->Find("b")->ip(), b.attachment.ip());
  auto node = NetlinkSocket::Open().value();
  EXPECT_FALSE(FindLink(node, stale.attachment.host_interface).value());
  EXPECT_TRUE(FindLink(node, a.attachment.host_interface).value());
}

TEST_F(PodNetworkLife, ReconcilePutsBridgeSysctlsAndFirewallRight) {
  const auto network = Open();
  const UniqueFd outside = MakeOutside();
  const Pod a = MakePod(*network, "a");
  auto node = NetlinkSocket::Open().value();
  ASSERT_TRUE(node.Send(DeleteLink("caisson0")));
  ASSERT_THAT(Nft({"flush", "ruleset"}), IsEmpty());
  ASSERT_TRUE(WriteFileAt(kCwd, "/proc/sys/net/ipv4/ip_forward", "0"));

  const std::vector<LivePod> live{Live(a)};
  ASSERT_TRUE(network->Reconcile(live));

  EXPECT_EQ(test::Talk({.from = &a.netns, .to = &outside, .address = "192.0.2.2"}).value(),
            "192.0.2.1");
  const Pod b = MakePod(*network, "b");
  EXPECT_EQ(test::Talk({.from = &a.netns, .to = &b.netns, .address = b.ip()}).value(), a.ip());
}

TEST_F(PodNetworkLife, OtherTablesAreNotTouched) {
  ASSERT_EQ(Nft({"add", "table", "inet", "other"}), "");
  ASSERT_EQ(
      Nft({"add", "chain", "inet", "other", "input", "{ type filter hook input priority 0; }"}),
      "");
  const std::string other = Nft({"list", "table", "inet", "other"});
  const auto network = Open();
  EXPECT_THAT(Nft({"list", "table", "inet", "caisson"}), HasSubstr("masquerade"));
  ASSERT_TRUE(network->Teardown());
  EXPECT_EQ(Nft({"list", "table", "inet", "other"}), other);
}

TEST_F(PodNetworkLife, BridgeThatWasThereBeforeStays) {
  auto node = NetlinkSocket::Open().value();
  ASSERT_TRUE(node.Send(AddBridge({.name = "caisson0", .mac = {0x0a, 0, 0, 0, 0, 1}})));
  const auto network = Open();
  ASSERT_TRUE(network->Teardown());
  ASSERT_TRUE(FindLink(node, "caisson0").value());
  EXPECT_THAT(NetworkSnapshot(), Not(HasSubstr("10.245.")));
}

TEST_F(PodNetworkLife, NameOfSomethingElseIsRefusedWithAHint) {
  const UniqueFd other = test::NewNetns();
  auto node = NetlinkSocket::Open().value();
  ASSERT_TRUE(node.Send(AddVeth({.host_name = "caisson0",
                                 .pod_name = "x",
                                 .pod_netns = other,
                                 .pod_mac = {0x0a, 0, 0, 0, 0, 1}})));
  const auto network = PodNetwork::Open(Config());
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().message(), "interface \"caisson0\" exists and is not a bridge");
  EXPECT_THAT(network.error().hint(), HasSubstr("another bridge name"));
}

TEST_F(PodNetworkLife, NetworkThatTheNodeUsesIsRefusedAndNamesTheRoute) {
  const UniqueFd outside = MakeOutside();
  PodNetworkConfig config = Config();
  config.pod_cidr = Cidr::Parse("192.0.0.0/16").value();
  const auto network = PodNetwork::Open(config);
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().message(),
            "pod network 192.0.0.0/16 overlaps the node's route to 192.0.2.0/24");
}

TEST_F(PodNetworkLife, SecondAgentOnTheSameStateIsRefused) {
  const auto first = Open();
  const auto second = PodNetwork::Open(Config());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kWrongState);
  EXPECT_THAT(second.error().message(), HasSubstr("is in use"));
}

// Source: kernel, net/bridge/br_private.h, BR_PORT_BITS.
TEST_F(PodNetworkLife, FullBridgeSaysSoAndAttachLeavesNothing) {
  const auto network = Open();
  auto node = NetlinkSocket::Open().value();
  const int bridge = FindLink(node, "caisson0").value()->index;
  const UniqueFd other = test::NewNetns();
  for (int i = 0; i < 1023; ++i) {
    ASSERT_TRUE(node.Send(AddVeth({.host_name = StrCat("full", i),
                                   .bridge_index = bridge,
                                   .pod_name = StrCat("full", i),
                                   .pod_netns = other,
                                   .pod_mac = {0x0a, 0, 0, 0, 0, 1}})));
  }
  const UniqueFd netns = test::NewNetns();
  const auto attached = network->Attach({"a", netns, "test/a", {}});
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().sys_errno(), EXFULL);
  EXPECT_THAT(attached.error().hint(), HasSubstr("1023 pods"));
  EXPECT_FALSE(network->Find("a"));
}

TEST_F(PodNetworkLife, BadPortsAreRefusedBeforeAnythingIsMade) {
  const auto network = Open();
  const UniqueFd netns = test::NewNetns();
  const auto attach = [&](std::vector<PortMapping> ports) {
    return network->Attach({"a", netns, "a", std::move(ports)}).error().message();
  };
  EXPECT_EQ(attach({{.host_port = 0, .pod_port = 80}}), "host port 0/tcp: ports are 1 to 65535");
  EXPECT_EQ(attach({{.host_port = 1, .pod_port = 2}, {.host_port = 1, .pod_port = 3}}),
            "host port 1/tcp is asked for twice");
  EXPECT_EQ(attach({{.host_port = 1, .pod_port = 2, .host_ip = IpAddress::Parse("::1").value()}}),
            "host port 1/tcp: pods have no address of the family of ::1");
  EXPECT_FALSE(network->Find("a"));
}

TEST_F(PodNetworkLife, DescriptorOfAnythingElseIsRefused) {
  const auto network = Open();
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto attached = network->Attach({"a", file, "a", {}});
  ASSERT_FALSE(attached);
  EXPECT_THAT(attached.error().message(), HasSubstr("descriptor is not a network namespace"));
}

TEST_F(PodNetworkLife, PodsAttachedByManyThreadsAllWork) {
  const auto network = Open();
  const UniqueFd node = OpenOwnNetns().value();
  std::vector<Pod> pods(24);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      ASSERT_EQ(::setns(node.get(), CLONE_NEWNET), 0);
      for (std::size_t i = t; i < pods.size(); i += 4)
        pods[i] = MakePod(*network, StrCat("pod-", i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Pod& pod : pods) EXPECT_TRUE(test::Talk({.to = &pod.netns, .address = pod.ip()}));
}

TEST_F(PodNetworkLife, WithoutTheCapabilityTheErrorSaysWhatToDo) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto socket = NetlinkSocket::Open();
    if (!socket || ::setresuid(65534, 65534, 65534) < 0) ::_exit(2);
    const auto sent = socket->Send(SetLinkUp("lo"));
    const bool told =
        !sent && sent.error().code() == Code::kDenied &&
        sent.error().message() == "RTM_NEWLINK \"lo\": Operation not permitted (EPERM)" &&
        sent.error().hint() == "run as root, or with CAP_NET_ADMIN in this network namespace";
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace caisson::network
