// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "network/netlink/ip_address.h"
#include "network/netlink/port_mapping.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::network {

struct PodNetworkConfig {
  std::string bridge = "caisson0";
  Cidr pod_cidr = Cidr(IpAddress::V4(0x0AF50000), 16);  // 10.245.0.0/16
  std::optional<Cidr> pod_cidr_v6;                      // absent: IPv4 only
  std::uint32_t mtu = 0;                                // 0: that of the default route's interface
  bool masquerade = true;                               // pods leave the node with its address
  std::string table = "caisson";                        // nftables table, family inet
  std::string pod_interface = "eth0";
  // Leases, and what Teardown has to put back. Need not outlive the boot.
  std::string state_dir = "/run/caisson/network";
};

// One pod's way into the network. Owned by nobody: it lives as long as the pod's netns.
struct Attachment {
  std::string pod_uid;
  std::vector<Cidr> addresses;      // with the network's prefix; IPv4 first
  std::vector<IpAddress> gateways;  // one for each network
  std::string pod_interface;        // "eth0", in the pod
  std::string host_interface;       // "cv0123456789ab", on the node
  ino_t netns_inode = 0;
  std::vector<PortMapping> ports;

  const IpAddress& ip() const { return addresses.front().address(); }
};

struct AttachRequest {
  std::string pod_uid;
  FdView netns;       // an open nsfs file of the pod's network namespace
  std::string label;  // "namespace/name": the alias that `ip link` shows on the node's end
  std::vector<PortMapping> ports;
};

// A pod that runs, as its owner knows it.
struct LivePod {
  std::string pod_uid;
  ino_t netns_inode = 0;             // 0: not known now; it keeps the lease that it has
  std::vector<IpAddress> addresses;  // claimed again should the journal have lost them
  std::vector<PortMapping> ports;
};

struct ReconcileReport {
  std::vector<std::string> released;   // uids whose leases were given back
  std::vector<std::string> reclaimed;  // uids whose leases had been lost
};

// The node's pod network: a bridge with the gateway's address, one nftables table, and a lease per
// pod. Works in the network namespace of the thread that opened it; the threads that use it must be
// in the same one. Thread-safe.
class PodNetwork {
 public:
  // Makes what is missing, takes over what an earlier agent left, and puts the firewall into its
  // wanted state in one transaction.
  // Errors: kInvalidSpec for a bad configuration or a pod network that the node already routes
  // elsewhere; kUnsupported when a kernel module is missing; kDenied without CAP_NET_ADMIN.
  static Result<std::unique_ptr<PodNetwork>> Open(const PodNetworkConfig& config);

  // Gives the pod an address and puts a veth, address, default route, lo and host ports in place.
  // Asked again for the same uid and netns, it repairs what is missing and answers the same, even
  // if the lease was lost; for another netns of that uid, the old lease is given back first. On
  // failure nothing stays. Errors: kAlreadyExists when a host port is taken; kSystem ENOSPC when
  // addresses are used up.
  Result<Attachment> Attach(const AttachRequest& request);

  // Gives addresses and host ports back. The veth goes with the pod's netns, by the kernel, which
  // takes tens of milliseconds: nobody waits for that. An unknown uid is success.
  Status Detach(const std::string& pod_uid);

  // What Attach answered. Nothing for an unknown uid.
  std::optional<Attachment> Find(const std::string& pod_uid) const;

  // Leases of pods that are not in `live` are released; those of `live` that are missing are taken
  // again. The firewall and the bridge are put right. Call it once after a start, then now and
  // then.
  Result<ReconcileReport> Reconcile(std::span<const LivePod> live);

  // Removes all that this object or an earlier one with the same configuration made: veths, bridge,
  // table, leases; sysctls go back to what they were if they still are what we set.
  Status Teardown();

  const PodNetworkConfig& config() const;

  ~PodNetwork();
  PodNetwork(const PodNetwork&) = delete;
  PodNetwork& operator=(const PodNetwork&) = delete;

 private:
  class Impl;
  explicit PodNetwork(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::network
