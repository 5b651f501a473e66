// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "network/ipam/journal.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

using nlohmann::json;

// CRC-32 as in zlib and Ethernet. Source: ITU-T V.42, 8.1.1.6.2 (polynomial 0x04C11DB7, reflected).
constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    table[i] = crc;
  }
  return table;
}

std::uint32_t Crc32(std::string_view bytes) {
  static constexpr auto kTable = MakeCrcTable();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char byte : bytes)
    crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xFF];
  return ~crc;
}

std::string Hex(std::uint32_t value) {
  std::string text(8, '0');
  for (std::size_t i = text.size(); i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 0xF];
  return text;
}

template <class Addresses>
json ToJson(const Addresses& addresses) {
  json list = json::array();
  for (const IpAddress& address : addresses) list.push_back(address.ToString());
  return list;
}

json ToJson(const PortMapping& port) {
  json object{{"host", port.host_port}, {"pod", port.pod_port}, {"proto", Name(port.protocol)}};
  if (port.host_ip) object["ip"] = port.host_ip->ToString();
  return object;
}

json ToJson(const LeaseTaken& taken) {
  json ports = json::array();
  for (const PortMapping& port : taken.lease.ports) ports.push_back(ToJson(port));
  return {{"op", taken.claimed ? "claim" : "take"},
          {"uid", taken.lease.pod_uid},
          {"netns", taken.lease.netns_inode},
          {"ips", ToJson(taken.lease.addresses)},
          {"ports", std::move(ports)}};
}

json ToJson(const LeaseReleased& released) {
  return {{"op", "release"}, {"uid", released.pod_uid}};
}

json ToJson(const PoolOrder& pool) {
  json object{
      {"op", "pool"}, {"network", pool.network.ToString()}, {"freed", ToJson(pool.order.freed)}};
  if (pool.order.fresh) object["fresh"] = pool.order.fresh->ToString();
  return object;
}

// The readers answer nothing for any shape but the one that the writers above make.
std::optional<std::string> ReadText(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

template <class Int>
std::optional<Int> ReadNumber(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return std::nullopt;
  return ParseInt<Int>(it->dump());
}

template <class List>
std::optional<List> ReadAddresses(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) return std::nullopt;
  List addresses;
  for (const json& text : *it) {
    if (!text.is_string()) return std::nullopt;
    auto address = IpAddress::Parse(text.get<std::string>());
    if (!address) return std::nullopt;
    addresses.push_back(*address);
  }
  return addresses;
}

std::optional<PortMapping> ReadPort(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto host = ReadNumber<std::uint16_t>(object, "host");
  const auto pod = ReadNumber<std::uint16_t>(object, "pod");
  const auto name = ReadText(object, "proto");
  if (!host || !pod || !name) return std::nullopt;
  PortMapping port{.host_port = *host, .pod_port = *pod};
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (*name == Name(protocol)) port.protocol = protocol;
  }
  if (const auto ip = ReadText(object, "ip")) {
    const auto address = IpAddress::Parse(*ip);
    if (!address) return std::nullopt;
    port.host_ip = *address;
  }
  return port;
}

std::optional<JournalRecord> ReadTaken(const json& object, bool claimed) {
  const auto uid = ReadText(object, "uid");
  const auto netns = ReadNumber<ino_t>(object, "netns");
  const auto addresses = ReadAddresses<std::vector<IpAddress>>(object, "ips");
  const auto ports = object.find("ports");
  if (!uid || !netns || !addresses || ports == object.end() || !ports->is_array())
    return std::nullopt;
  LeaseTaken taken{{*uid, *netns, *addresses, {}}, claimed};
  for (const json& each : *ports) {
    const auto port = ReadPort(each);
    if (!port) return std::nullopt;
    taken.lease.ports.push_back(*port);
  }
  return taken;
}

std::optional<JournalRecord> ReadPool(const json& object) {
  const auto text = ReadText(object, "network");
  const auto freed = ReadAddresses<std::deque<IpAddress>>(object, "freed");
  if (!text || !freed) return std::nullopt;
  const auto network = Cidr::Parse(*text);
  if (!network) return std::nullopt;
  PoolOrder pool{*network, {std::nullopt, *freed}};
  if (const auto fresh = ReadText(object, "fresh")) {
    const auto address = IpAddress::Parse(*fresh);
    if (!address) return std::nullopt;
    pool.order.fresh = *address;
  }
  return pool;
}

std::optional<JournalRecord> Read(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto op = ReadText(object, "op");
  if (op == "take") return ReadTaken(object, false);
  if (op == "claim") return ReadTaken(object, true);
  if (op == "pool") return ReadPool(object);
  if (op != "release") return std::nullopt;
  const auto uid = ReadText(object, "uid");
  if (!uid) return std::nullopt;
  return LeaseReleased{*uid};
}

}  // namespace

std::string EncodeRecord(const JournalRecord& record) {
  // A uid is any text that the caller takes for one; bytes that are not UTF-8 must not throw.
  const std::string text = std::visit([](const auto& each) { return ToJson(each); }, record)
                               .dump(-1, ' ', true, json::error_handler_t::replace);
  return StrCat(Hex(Crc32(text)), " ", text, "\n");
}

Result<JournalRecord> DecodeRecord(std::string_view line) {
  constexpr std::size_t kTextAt = 9;
  if (line.size() <= kTextAt) return Error(Code::kInvalidSpec, "record is cut short");
  const auto text = line.substr(kTextAt);
  if (line.substr(0, kTextAt) != StrCat(Hex(Crc32(text)), " "))
    return Error(Code::kInvalidSpec, "checksum does not match");
  return DecodeRecordText(text);
}

Result<JournalRecord> DecodeRecordText(std::string_view text) {
  auto record = Read(json::parse(text, nullptr, /*allow_exceptions=*/false));
  if (!record) return Error(Code::kInvalidSpec, "record of an unknown kind");
  return std::move(*record);
}

}  // namespace caisson::network
