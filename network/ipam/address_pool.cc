// SPDX-License-Identifier: Apache-2.0
#include "network/ipam/address_pool.h"

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr int kSmallestPrefixV4 = 30;  // network, gateway, one pod, broadcast
constexpr int kSmallestPrefixV6 = 126;
constexpr int kMaxHostBits = 62;  // a /64 has more than anyone can use; numbers stay in 64 bits

}  // namespace

Result<AddressPool> AddressPool::Create(const Cidr& network) {
  const bool v4 = network.family() == Family::kIpv4;
  const int smallest = v4 ? kSmallestPrefixV4 : kSmallestPrefixV6;
  if (network.prefix() > smallest || network.prefix() == 0) {
    return Error(Code::kInvalidSpec,
                 StrCat("pod network ", network.ToString(), ": no room for a gateway and a pod"))
        .Hint(StrCat("use a prefix from /1 to /", smallest));
  }
  const IpAddress first = network.network();
  const int host_bits = std::min(first.bits() - network.prefix(), kMaxHostBits);
  const std::uint64_t size = std::uint64_t{1} << host_bits;
  // Never past the end: the counts are below the network's size.
  return AddressPool(Cidr(first, network.prefix()), *first.Plus(1),
                     *first.Plus(v4 ? size - 2 : size - 1));
}

AddressPool::AddressPool(const Cidr& network, const IpAddress& gateway, const IpAddress& last)
    : network_(network), gateway_(gateway), last_(last), fresh_(gateway.Plus(1)) {}

bool AddressPool::IsPodAddress(const IpAddress& address) const {
  return network_.Contains(address) && address > gateway_ && address <= last_;
}

std::optional<IpAddress> AddressPool::Take() {
  while (fresh_ && *fresh_ <= last_) {
    const IpAddress address = *fresh_;
    fresh_ = address.Plus(1);
    if (used_.insert(address).second) return address;
  }
  while (!freed_.empty()) {
    const IpAddress address = freed_.front();
    freed_.pop_front();
    if (used_.insert(address).second) return address;
  }
  return std::nullopt;
}

bool AddressPool::Claim(const IpAddress& address) {
  if (!IsPodAddress(address) || !used_.insert(address).second) return false;
  std::erase(freed_, address);
  return true;
}

bool AddressPool::Replay(const IpAddress& address) {
  if (!Claim(address)) return false;
  if (fresh_ && address >= *fresh_) fresh_ = address.Plus(1);
  return true;
}

void AddressPool::Release(const IpAddress& address) {
  if (used_.erase(address) == 0) return;
  if (fresh_ && address > *fresh_) return;  // was claimed before its turn, which is still to come
  if (fresh_ && address == *fresh_) fresh_ = address.Plus(1);
  freed_.push_back(address);
}

AddressPool::Order AddressPool::order() const {
  return {fresh_ && *fresh_ <= last_ ? fresh_ : std::nullopt, freed_};
}

void AddressPool::Restore(const Order& order) {
  fresh_ = order.fresh;
  freed_.clear();
  std::copy_if(order.freed.begin(), order.freed.end(), std::back_inserter(freed_),
               [&](const IpAddress& address) { return IsPodAddress(address); });
}

}  // namespace caisson::network
