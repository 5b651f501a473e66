// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "network/netlink/ip_address.h"
#include "runtime/base/error.h"

namespace caisson::network {

// Hands out the addresses of one network, in this order: those never used before, upwards; then
// those given back, the longest unused first. So a just-freed address, which neighbours and
// connection tables still remember, comes back as late as possible. The network's own address, the
// gateway (its first one) and, for IPv4, the broadcast address are never handed out.
// Thread-compatible: one owner at a time.
class AddressPool {
 public:
  // Errors: kInvalidSpec when the network is too small for a gateway and one pod.
  static Result<AddressPool> Create(const Cidr& network);

  const Cidr& network() const { return network_; }
  const IpAddress& gateway() const { return gateway_; }

  // Nothing when all are in use.
  std::optional<IpAddress> Take();
  // Marks a certain address as used; false when it is used already or not one of this pool.
  bool Claim(const IpAddress& address);
  // As Claim, for an address that Take gave in an earlier life: those below it had been used.
  bool Replay(const IpAddress& address);
  // An address that is not in use here is ignored.
  void Release(const IpAddress& address);

  std::size_t in_use() const { return used_.size(); }

  // What decides the next address, to be kept across restarts: the lowest never used (nothing: all
  // were), and those given back, oldest first.
  struct Order {
    std::optional<IpAddress> fresh;
    std::deque<IpAddress> freed;
  };
  Order order() const;
  // Before anything is taken or claimed. The order must come from a pool of the same network.
  void Restore(const Order& order);

 private:
  AddressPool(const Cidr& network, const IpAddress& gateway, const IpAddress& last);
  bool IsPodAddress(const IpAddress& address) const;

  Cidr network_;
  IpAddress gateway_;
  IpAddress last_;                  // the highest that a pod may have
  std::optional<IpAddress> fresh_;  // the lowest never handed out; past last_ or nothing: all were
  std::deque<IpAddress> freed_;     // none of them in used_
  std::set<IpAddress> used_;
};

}  // namespace caisson::network
