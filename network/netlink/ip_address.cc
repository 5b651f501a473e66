// SPDX-License-Identifier: Apache-2.0
#include "network/netlink/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

// `address` with all bits from `prefix` on cleared.
IpAddress Masked(const IpAddress& address, int prefix) {
  std::array<std::uint8_t, 16> bytes{};
  const auto given = address.bytes();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const int kept = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    bytes[i] = static_cast<std::uint8_t>(given[i] & (0xFF00u >> kept));
  }
  if (!address.is_v4()) return IpAddress::V6(bytes);
  return IpAddress::V4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                       std::uint32_t{bytes[2]} << 8 | bytes[3]);
}

}  // namespace

Result<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes_.data()) == 1) return address;
  address.family_ = Family::kIpv6;
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
  return Error(Code::kInvalidSpec, StrCat("\"", text, "\" is not an IP address"));
}

IpAddress IpAddress::V4(std::uint32_t host_order) {
  IpAddress address;
  const std::uint32_t wire = ::htonl(host_order);
  std::memcpy(address.bytes_.data(), &wire, sizeof wire);
  return address;
}

IpAddress IpAddress::V6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address;
  address.family_ = Family::kIpv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

std::optional<IpAddress> IpAddress::Plus(std::uint64_t count) const {
  IpAddress sum = *this;
  for (std::size_t i = bytes().size(); i-- > 0 && count > 0;) {
    // The carry may need nine bits more than what is left of `count`; 2^64 - 1 + 255 would wrap.
    const std::uint64_t low = (count & 0xFF) + sum.bytes_[i];
    sum.bytes_[i] = static_cast<std::uint8_t>(low);
    count = (count >> 8) + (low >> 8);
  }
  if (count > 0) return std::nullopt;
  return sum;
}

Result<Cidr> Cidr::Parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto address = IpAddress::Parse(text.substr(0, slash));
    const auto prefix = ParseInt<int>(text.substr(slash + 1));
    if (address && prefix && *prefix >= 0 && *prefix <= address->bits())
      return Cidr(*address, *prefix);
  }
  return Error(Code::kInvalidSpec, StrCat("\"", text, "\" is not a network in CIDR form"))
      .Hint("write it like 10.245.0.0/16");
}

IpAddress Cidr::network() const { return Masked(address_, prefix_); }

bool Cidr::Contains(const IpAddress& address) const {
  return address.family() == family() && Masked(address, prefix_) == network();
}

bool Cidr::Overlaps(const Cidr& other) const {
  return Contains(other.network()) || other.Contains(network());
}

std::string Cidr::ToString() const { return StrCat(address_.ToString(), "/", prefix_); }

}  // namespace caisson::network
