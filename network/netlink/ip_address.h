// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::network {

enum class Family : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

// An IPv4 or IPv6 address. Ordered by family, then numerically. Bytes are in network order.
class IpAddress {
 public:
  // Errors: kInvalidSpec; "010.0.0.1", "1.2.3" and zone suffixes are refused.
  static Result<IpAddress> Parse(std::string_view text);
  static IpAddress V4(std::uint32_t host_order);
  static IpAddress V6(std::span<const std::uint8_t, 16> bytes);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::kIpv4; }
  bool is_loopback() const;
  // 32 or 128.
  int bits() const { return is_v4() ? 32 : 128; }
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4u : 16u}; }
  std::string ToString() const;

  // The address `count` further on. Nothing when that leaves the address space.
  std::optional<IpAddress> Plus(std::uint64_t count) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::uint8_t, 16> bytes_{};
};

// An address with a prefix length: a network, or an interface's address in its network.
class Cidr {
 public:
  // "10.245.0.0/16". Host bits may be set; network() clears them.
  // Errors: kInvalidSpec.
  static Result<Cidr> Parse(std::string_view text);
  Cidr(IpAddress address, int prefix) : address_(address), prefix_(prefix) {}

  const IpAddress& address() const { return address_; }
  int prefix() const { return prefix_; }
  Family family() const { return address_.family(); }
  // The lowest address: host bits cleared.
  IpAddress network() const;
  bool Contains(const IpAddress& address) const;
  bool Overlaps(const Cidr& other) const;
  // "10.245.0.1/16", host bits as given.
  std::string ToString() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;

 private:
  IpAddress address_;
  int prefix_;
};

}  // namespace caisson::network
