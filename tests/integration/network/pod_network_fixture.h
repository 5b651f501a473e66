// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "network/links/link_messages.h"
#include "network/links/link_query.h"
#include "network/netlink/netns.h"
#include "network/netlink/socket.h"
#include "network/pod_network/pod_network.h"
#include "runtime/base/file.h"
#include "tests/support/need.h"
#include "tests/support/netns.h"
#include "tests/support/temp_dir.h"

namespace caisson::network::testing_support {

// A node of its own: every test runs in a new network namespace that stands for the node's, with
// namespaces for pods beside it.
class PodNetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(test::Need::kRoot, test::Need::kNetNs, test::Need::kNftables);
    node_ = std::make_unique<test::OwnNetns>();
  }

  PodNetworkConfig Config() const {
    PodNetworkConfig config;
    config.state_dir = dir_ / "network";
    return config;
  }
  std::unique_ptr<PodNetwork> Open(const PodNetworkConfig& config) const {
    auto network = PodNetwork::Open(config);
    if (!network) ADD_FAILURE() << network.error().ToString();
    return network ? std::move(*network) : nullptr;
  }
  std::unique_ptr<PodNetwork> Open() const { return Open(Config()); }

  // A pod's namespace, attached.
  struct Pod {
    UniqueFd netns;
    Attachment attachment;
    std::string ip() const { return attachment.ip().ToString(); }
  };
  static Pod MakePod(PodNetwork& network, const std::string& uid,
                     std::vector<PortMapping> ports = {}) {
    Pod pod{test::NewNetns(), {}};
    auto attached = network.Attach({uid, pod.netns, "test/" + uid, std::move(ports)});
    if (!attached) ADD_FAILURE() << attached.error().ToString();
    if (attached) pod.attachment = *attached;
    return pod;
  }
  static ino_t Inode(const UniqueFd& netns) { return NetnsInode(netns).value(); }

  // A namespace beyond the node: 192.0.2.2, with the node at 192.0.2.1 and no way to the pods.
  static UniqueFd MakeOutside() {
    UniqueFd outside = test::NewNetns();
    auto node = NetlinkSocket::Open().value();
    // A bridge of one port stands for the node's uplink.
    EXPECT_TRUE(node.Send(AddBridge({.name = "uplink", .mac = {0x0a, 1, 2, 3, 4, 5}}),
                          SetLinkUp("uplink")));
    const int uplink = FindLink(node, "uplink").value()->index;
    EXPECT_TRUE(node.Send(AddVeth({.host_name = "wire",
                                   .bridge_index = uplink,
                                   .pod_name = "eth0",
                                   .pod_netns = outside,
                                   .pod_mac = {0x0a, 1, 2, 3, 4, 6}}),
                          SetLinkUp("wire"),
                          SetAddress(uplink, Cidr::Parse("192.0.2.1/24").value())));
    auto far = NetlinkSocket::OpenIn(outside).value();
    const int eth0 = FindLink(far, "eth0").value()->index;
    EXPECT_TRUE(far.Send(SetLinkUp("eth0"), SetAddress(eth0, Cidr::Parse("192.0.2.2/24").value())));
    EXPECT_TRUE(node.Send(GetLink("wire"), GetLink("uplink"))) << "settles the carrier";
    return outside;
  }

  static std::string ReadSysctl(const std::string& name) {
    auto text = ReadFile(StrCat("/proc/sys/", name));
    return text ? std::string(Trim(*text)) : text.error().message();
  }

  test::TempDir dir_;
  std::unique_ptr<test::OwnNetns> node_;
};

}  // namespace caisson::network::testing_support
