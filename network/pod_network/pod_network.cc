// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/pod_network.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "network/firewall/conntrack.h"
#include "network/firewall/firewall.h"
#include "network/ipam/lease_book.h"
#include "network/links/link_messages.h"
#include "network/links/link_query.h"
#include "network/netlink/netns.h"
#include "network/netlink/socket.h"
#include "network/pod_network/node_setup.h"
#include "network/pod_network/pod_link.h"
#include "network/pod_network/sysctl_record.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/rollback.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr char kLockFile[] = "lock";

std::vector<Cidr> Networks(const PodNetworkConfig& config) {
  std::vector<Cidr> networks{Cidr(config.pod_cidr.network(), config.pod_cidr.prefix())};
  if (config.pod_cidr_v6)
    networks.emplace_back(config.pod_cidr_v6->network(), config.pod_cidr_v6->prefix());
  return networks;
}

Status CheckConfig(const PodNetworkConfig& config) {
  CAISSON_TRY(CheckInterfaceName(config.bridge), "bridge name");
  CAISSON_TRY(CheckInterfaceName(config.pod_interface), "pod interface name");
  if (config.pod_cidr_v6 && config.pod_cidr.family() == config.pod_cidr_v6->family()) {
    return Error(Code::kInvalidSpec, "two pod networks of the same family")
        .Hint("give one IPv4 and one IPv6 network, or leave the second out");
  }
  const bool wants_v6 = config.pod_cidr.family() == Family::kIpv6 || config.pod_cidr_v6;
  if (wants_v6 && !KernelHasIpv6())
    return Error(Code::kUnsupported, "IPv6 pod network: this kernel has IPv6 switched off")
        .Hint("remove ipv6.disable=1 from the kernel's command line, or use IPv4 only");
  return Ok();
}

Status CheckPorts(const std::vector<PortMapping>& ports, const std::vector<Cidr>& networks) {
  for (const PortMapping& port : ports) {
    const std::string words = StrCat("host port ", port.host_port, "/", Name(port.protocol));
    if (port.host_port == 0 || port.pod_port == 0)
      return Error(Code::kInvalidSpec, StrCat(words, ": ports are 1 to 65535"));
    const auto fits = [&](const Cidr& network) {
      return !port.host_ip || port.host_ip->family() == network.family();
    };
    if (std::none_of(networks.begin(), networks.end(), fits))
      return Error(Code::kInvalidSpec, StrCat(words, ": pods have no address of the family of ",
                                              port.host_ip->ToString()));
    const auto same = [&](const PortMapping& other) {
      return other.host_port == port.host_port && other.protocol == port.protocol &&
             other.host_ip == port.host_ip;
    };
    if (std::count_if(ports.begin(), ports.end(), same) > 1)
      return Error(Code::kInvalidSpec, StrCat(words, " is asked for twice"));
  }
  return Ok();
}

// One agent per state directory: two would give the same addresses out.
Result<UniqueFd> LockState(const std::string& directory) {
  CAISSON_TRY(MakeDirs(directory, 0700), "network state directory");
  CAISSON_ASSIGN(UniqueFd lock,
                 OpenAt(kCwd, StrCat(directory, "/", kLockFile), O_RDWR | O_CREAT, 0600));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return SysError("flock", directory);
  return Error(Code::kWrongState, StrCat("network state \"", directory, "\" is in use"), errno)
      .Hint("stop the other agent, or configure another state directory");
}

std::vector<PortForward> ForwardsOf(const Lease& lease) {
  std::vector<PortForward> forwards;
  for (const PortMapping& port : lease.ports) {
    for (const IpAddress& address : lease.addresses) {
      if (!port.host_ip || port.host_ip->family() == address.family())
        forwards.push_back({port, address});
    }
  }
  return forwards;
}

// UDP flows that began before the firewall was changed for these forwards and would not notice:
// those that lead to the pod through a host port, and those of a client that called the port when
// nobody had it. A flow that stays costs its client packets, not the pod: no reason to fail.
void ForgetFlows(NetlinkSocket& node, const std::vector<PortForward>& forwards) {
  const auto is_udp = [](const PortForward& each) {
    return each.mapping.protocol == Protocol::kUdp;
  };
  if (std::none_of(forwards.begin(), forwards.end(), is_udp)) return;
  const Status done = [&]() -> Status {
    CAISSON_ASSIGN(const auto local, ListAddresses(node));
    CAISSON_ASSIGN(NetlinkSocket netfilter, NetlinkSocket::Open(NetlinkBus::kNetfilter));
    const auto is_local = [&](const IpAddress& address) {
      return std::any_of(local.begin(), local.end(),
                         [&](const AddressInfo& own) { return own.address.address() == address; });
    };
    const auto is_stale = [&](const UdpFlow& flow) {
      return std::any_of(forwards.begin(), forwards.end(), [&](const PortForward& each) {
        if (!is_udp(each) || flow.to_port != each.mapping.host_port) return false;
        const bool translated = flow.to != flow.answers_from;
        return translated ? flow.answers_from == each.pod_ip : is_local(flow.to);
      });
    };
    for (const Family family : {Family::kIpv4, Family::kIpv6})
      CAISSON_TRY(ForgetUdpFlows(netfilter, family, is_stale));
    return Ok();
  }();
  if (!done) Log(LogLevel::kWarning, done.error().ToString());
}

}  // namespace

class PodNetwork::Impl {
 public:
  Impl(PodNetworkConfig config, UniqueFd state_lock, NetlinkSocket node, SysctlRecord sysctls,
       std::unique_ptr<LeaseBook> leases, std::unique_ptr<Firewall> firewall)
      : config_(std::move(config)),
        networks_(Networks(config_)),
        state_lock_(std::move(state_lock)),
        node_(std::move(node)),
        sysctls_(std::move(sysctls)),
        leases_(std::move(leases)),
        firewall_(std::move(firewall)) {}

  // Bridge, firewall and sysctls as they should be; asked again, it repairs them.
  Status EnsureNode();
  Result<Attachment> Attach(const AttachRequest& request);
  Status Detach(const std::string& pod_uid);
  std::optional<Attachment> Find(const std::string& pod_uid) const;
  Result<ReconcileReport> Reconcile(std::span<const LivePod> live);
  Status Teardown();
  const PodNetworkConfig& config() const { return config_; }

 private:
  NodeSpec node_spec() const {
    return {config_.bridge, networks_, leases_->gateways(), config_.mtu};
  }
  NodeState state() const {
    const std::lock_guard lock(node_lock_);
    return state_;
  }
  Attachment Describe(const Lease& lease) const;
  Result<LeaseBook::Grant> Lend(const AttachRequest& request, ino_t netns_inode,
                                NetlinkSocket& pod);
  Status InstallFirewall();
  Status AddForwards(const Lease& lease);
  Status ReleaseLease(const std::string& pod_uid);
  std::set<std::string> WantedLinks() const;

  const PodNetworkConfig config_;
  const std::vector<Cidr> networks_;
  UniqueFd state_lock_;

  // Locks are taken in the order in which they stand here, and none is held while another waits for
  // a pod's own socket.
  std::mutex reconcile_lock_;  // EnsureNode, Reconcile, Teardown
  // The firewall follows the leases: who changes both, or reads one to write the other, holds this.
  std::mutex firewall_lock_;
  mutable std::mutex node_lock_;  // node_, state_
  NetlinkSocket node_;
  NodeState state_;
  SysctlRecord sysctls_;  // under reconcile_lock_
  std::unique_ptr<LeaseBook> leases_;
  std::unique_ptr<Firewall> firewall_;
};

Status PodNetwork::Impl::EnsureNode() {
  {
    const std::lock_guard lock(node_lock_);
    CAISSON_ASSIGN(state_, EnsureBridge(node_, node_spec(), leases_->All()));
  }
  CAISSON_TRY(InstallFirewall());
  return EnsureSysctls(sysctls_, node_spec());
}

Status PodNetwork::Impl::InstallFirewall() {
  const std::lock_guard lock(firewall_lock_);
  std::vector<PortForward> forwards;
  for (const Lease& lease : leases_->All()) {
    const auto more = ForwardsOf(lease);
    forwards.insert(forwards.end(), more.begin(), more.end());
  }
  return firewall_->Install(forwards);
}

Status PodNetwork::Impl::AddForwards(const Lease& lease) {
  const auto forwards = ForwardsOf(lease);
  if (forwards.empty()) return Ok();
  {
    const std::lock_guard lock(firewall_lock_);
    CAISSON_TRY(firewall_->Add(forwards));
  }
  const std::lock_guard lock(node_lock_);
  ForgetFlows(node_, forwards);
  return Ok();
}

Status PodNetwork::Impl::ReleaseLease(const std::string& pod_uid) {
  const auto lease = leases_->Find(pod_uid);
  if (!lease) return Ok();
  const auto forwards = ForwardsOf(*lease);
  if (forwards.empty()) {
    CAISSON_TRY(leases_->Release(pod_uid));
    return Ok();
  }
  bool deleted = false;
  {
    const std::lock_guard lock(firewall_lock_);
    CAISSON_TRY(leases_->Release(pod_uid));
    deleted = firewall_->Delete(forwards).has_value();
  }
  // Somebody changed the table; the whole of it is ours to set right.
  if (!deleted) CAISSON_TRY(InstallFirewall());
  const std::lock_guard lock(node_lock_);
  ForgetFlows(node_, forwards);
  return Ok();
}

Attachment PodNetwork::Impl::Describe(const Lease& lease) const {
  Attachment attachment{.pod_uid = lease.pod_uid,
                        .pod_interface = config_.pod_interface,
                        .host_interface = PodLinkName(lease.pod_uid, lease.netns_inode),
                        .netns_inode = lease.netns_inode,
                        .ports = lease.ports};
  const auto gateways = leases_->gateways();
  for (const IpAddress& address : lease.addresses) {
    int prefix = address.bits();  // of a network that is no longer configured
    for (std::size_t i = 0; i < networks_.size(); ++i) {
      if (!networks_[i].Contains(address)) continue;
      prefix = networks_[i].prefix();
      attachment.gateways.push_back(gateways[i]);
    }
    attachment.addresses.emplace_back(address, prefix);
  }
  return attachment;
}

// A pod without a lease that has an address already was given it before the book was lost; it keeps
// it.
Result<LeaseBook::Grant> PodNetwork::Impl::Lend(const AttachRequest& request, ino_t netns_inode,
                                                NetlinkSocket& pod) {
  const auto old = leases_->Find(request.pod_uid);
  const bool fits = old && old->netns_inode == netns_inode && old->ports == request.ports;
  if (old && !fits) CAISSON_TRY(ReleaseLease(request.pod_uid));
  if (!fits) {
    CAISSON_ASSIGN(auto addresses, ReadPodAddresses(pod, config_.pod_interface, networks_));
    if (addresses.size() == networks_.size()) {
      CAISSON_TRY(
          leases_->Reclaim({request.pod_uid, netns_inode, std::move(addresses), request.ports}));
    }
  }
  return leases_->Acquire({request.pod_uid, netns_inode, request.ports});
}

Result<Attachment> PodNetwork::Impl::Attach(const AttachRequest& request) {
  if (request.pod_uid.empty()) return Error(Code::kInvalidSpec, "pod without uid");
  CAISSON_TRY(CheckPorts(request.ports, networks_));
  CAISSON_ASSIGN(const ino_t netns_inode, NetnsInode(request.netns));
  CAISSON_ASSIGN(NetlinkSocket pod, NetlinkSocket::OpenIn(request.netns));
  CAISSON_ASSIGN(const LeaseBook::Grant grant, Lend(request, netns_inode, pod));
  Rollback undo;
  Attachment attachment = Describe(grant.lease);
  if (!grant.existed) {
    undo.Add([&] {
      if (const Status undone = ReleaseLease(request.pod_uid); !undone)
        Log(LogLevel::kWarning, undone.error().ToString(), {{"pod", request.label}});
    });
    undo.Add([&] {
      const std::lock_guard lock(node_lock_);
      if (const auto deleted = node_.Send(DeleteLink(attachment.host_interface)); !deleted)
        Log(LogLevel::kWarning, deleted.error().ToString(), {{"pod", request.label}});
    });
  }
  const NodeState node = state();
  CAISSON_TRY(MakePodLink(node_, node_lock_, pod,
                          {.host_name = attachment.host_interface,
                           .pod_name = attachment.pod_interface,
                           .alias = request.label,
                           .netns = request.netns,
                           .bridge = config_.bridge,
                           .bridge_index = node.bridge_index,
                           .mtu = node.mtu,
                           .addresses = attachment.addresses,
                           .gateways = attachment.gateways}));
  CAISSON_TRY(AddForwards(grant.lease));
  undo.Disarm();
  return attachment;
}

Status PodNetwork::Impl::Detach(const std::string& pod_uid) { return ReleaseLease(pod_uid); }

std::optional<Attachment> PodNetwork::Impl::Find(const std::string& pod_uid) const {
  const auto lease = leases_->Find(pod_uid);
  if (!lease) return std::nullopt;
  return Describe(*lease);
}

std::set<std::string> PodNetwork::Impl::WantedLinks() const {
  std::set<std::string> names;
  for (const Lease& lease : leases_->All())
    names.insert(PodLinkName(lease.pod_uid, lease.netns_inode));
  return names;
}

Result<ReconcileReport> PodNetwork::Impl::Reconcile(std::span<const LivePod> live) {
  const std::lock_guard lock(reconcile_lock_);
  ReconcileReport report;
  const auto is_live = [&](const Lease& lease) {
    return std::any_of(live.begin(), live.end(), [&](const LivePod& pod) {
      return pod.pod_uid == lease.pod_uid &&
             (pod.netns_inode == 0 || pod.netns_inode == lease.netns_inode);
    });
  };
  CAISSON_ASSIGN(const auto released, leases_->ReleaseUnless(is_live));
  for (const Lease& lease : released) report.released.push_back(lease.pod_uid);
  for (const LivePod& pod : live) {
    if (pod.addresses.empty() || leases_->Find(pod.pod_uid)) continue;
    const Lease lease{pod.pod_uid, pod.netns_inode, pod.addresses, pod.ports};
    if (const Status taken = leases_->Reclaim(lease); !taken) {
      Log(LogLevel::kError, taken.error().ToString());
      continue;
    }
    report.reclaimed.push_back(pod.pod_uid);
  }
  CAISSON_TRY(EnsureNode());
  const std::lock_guard node_guard(node_lock_);
  CAISSON_TRY(AdoptPodLinks(node_, state_.bridge_index, WantedLinks()));
  CAISSON_TRY(DeletePodLinks(node_, state_.bridge_index, WantedLinks()));
  return report;
}

Status PodNetwork::Impl::Teardown() {
  const std::lock_guard lock(reconcile_lock_);
  {
    const std::lock_guard node_guard(node_lock_);
    CAISSON_TRY(DeletePodLinks(node_, state_.bridge_index, {}));
    CAISSON_TRY(RemoveBridge(node_, node_spec()));
  }
  CAISSON_TRY(firewall_->Remove());
  CAISSON_TRY(sysctls_.Restore());
  CAISSON_TRY(leases_->Erase());
  CAISSON_TRY(RemoveTree(kCwd, StrCat(config_.state_dir, "/", kLockFile)));
  // Whatever else lies there is not ours, and neither is the directory then.
  if (::rmdir(config_.state_dir.c_str()) < 0 && errno != ENOTEMPTY && errno != ENOENT)
    return SysError("rmdir", config_.state_dir);
  return Ok();
}

Result<std::unique_ptr<PodNetwork>> PodNetwork::Open(const PodNetworkConfig& config) {
  CAISSON_TRY(CheckConfig(config));
  CAISSON_ASSIGN(UniqueFd lock, LockState(config.state_dir));
  CAISSON_ASSIGN(const std::string boot_text, ReadFile("/proc/sys/kernel/random/boot_id"));
  const std::string boot_id(Trim(boot_text));
  CAISSON_ASSIGN(auto leases, LeaseBook::Open({config.state_dir, Networks(config), boot_id}));
  CAISSON_ASSIGN(SysctlRecord sysctls, SysctlRecord::Open(config.state_dir, boot_id));
  CAISSON_ASSIGN(NetlinkSocket node, NetlinkSocket::Open());
  CAISSON_ASSIGN(auto firewall, Firewall::Open({config.table, config.bridge, Networks(config),
                                                config.masquerade}));
  std::unique_ptr<PodNetwork> network(new PodNetwork(
      std::make_unique<Impl>(config, std::move(lock), std::move(node), std::move(sysctls),
                             std::move(leases), std::move(firewall))));
  CAISSON_TRY(network->impl_->EnsureNode());
  return network;
}

PodNetwork::PodNetwork(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PodNetwork::~PodNetwork() = default;

Result<Attachment> PodNetwork::Attach(const AttachRequest& request) {
  return impl_->Attach(request);
}
Status PodNetwork::Detach(const std::string& pod_uid) { return impl_->Detach(pod_uid); }
std::optional<Attachment> PodNetwork::Find(const std::string& pod_uid) const {
  return impl_->Find(pod_uid);
}
Result<ReconcileReport> PodNetwork::Reconcile(std::span<const LivePod> live) {
  return impl_->Reconcile(live);
}
Status PodNetwork::Teardown() { return impl_->Teardown(); }
const PodNetworkConfig& PodNetwork::config() const { return impl_->config(); }

}  // namespace caisson::network
