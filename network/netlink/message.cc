// SPDX-License-Identifier: Apache-2.0
#include "network/netlink/message.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/base/log.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

// Far more than any request here needs: names are 15 bytes, an alias at most 255.
constexpr std::size_t kMessageBytes = 2048;

}  // namespace

void Message::Free::operator()(nl_msg* message) const { ::nlmsg_free(message); }

Message::Message(int type, int flags, std::string_view call, std::string_view object)
    : message_(::nlmsg_alloc_size(kMessageBytes)), call_(call), object_(object) {
  if (!message_ || ::nlmsg_put(message_.get(), 0, 0, type, 0, NLM_F_REQUEST | flags) == nullptr)
    std::abort();  // out of memory, as operator new would end it
}

// The buffer's size is a constant of this file and the callers' inputs are checked before: running
// out of it is a bug, not an input.
void Message::Check(int result, int attribute) const {
  if (result >= 0) return;
  Log(LogLevel::kError, "netlink message overflow",
      {{"call", call_}, {"object", object_}, {"attribute", StrCat(attribute)}});
  std::abort();
}

Message& Message::AppendBytes(const void* data, std::size_t size) {
  // nlmsg_append takes non-const data but only reads it.
  Check(::nlmsg_append(message_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO), -1);
  return *this;
}

Message& Message::Put(int attribute, std::string_view text) {
  const std::string terminated(text);
  Check(::nla_put_string(message_.get(), attribute, terminated.c_str()), attribute);
  return *this;
}

Message& Message::PutU8(int attribute, std::uint8_t value) {
  Check(::nla_put_u8(message_.get(), attribute, value), attribute);
  return *this;
}

Message& Message::PutU16(int attribute, std::uint16_t value) {
  Check(::nla_put_u16(message_.get(), attribute, value), attribute);
  return *this;
}

Message& Message::PutU32(int attribute, std::uint32_t value) {
  Check(::nla_put_u32(message_.get(), attribute, value), attribute);
  return *this;
}

Message& Message::PutBytes(int attribute, std::span<const std::uint8_t> bytes) {
  Check(::nla_put(message_.get(), attribute, static_cast<int>(bytes.size()), bytes.data()),
        attribute);
  return *this;
}

Message& Message::PutAddress(int attribute, const IpAddress& address) {
  return PutBytes(attribute, address.bytes());
}

Message& Message::PutFd(int attribute, FdView fd) {
  return PutU32(attribute, static_cast<std::uint32_t>(fd.get()));
}

Message& Message::PutNested(int attribute, const std::function<void(Message&)>& fill) {
  nlattr* const nest = ::nla_nest_start(message_.get(), attribute);
  Check(nest == nullptr ? -1 : 0, attribute);
  fill(*this);
  // An empty nest must stay: VETH_INFO_PEER and friends mean something by being there.
  ::nla_nest_end_keep_empty(message_.get(), nest);
  return *this;
}

Message& Message::HintWhenUnsupported(std::string_view hint) {
  unsupported_hint_ = hint;
  return *this;
}

Message& Message::Accept(int sys_errno) {
  accepted_.push_back(sys_errno);
  return *this;
}

bool Message::Accepts(int sys_errno) const {
  return std::find(accepted_.begin(), accepted_.end(), sys_errno) != accepted_.end();
}

int Message::flags() const { return ::nlmsg_hdr(message_.get())->nlmsg_flags; }

std::span<const std::uint8_t> Message::bytes() const {
  const nlmsghdr* const header = ::nlmsg_hdr(message_.get());
  return {reinterpret_cast<const std::uint8_t*>(header), header->nlmsg_len};
}

void Reply::CopyHeader(void* out, std::size_t size) const {
  if (payload_.size() >= size) std::memcpy(out, payload_.data(), size);
}

namespace {

std::span<const std::uint8_t> FindAttribute(std::span<const std::uint8_t> bytes, int attribute) {
  const auto* const head = reinterpret_cast<const nlattr*>(bytes.data());
  const nlattr* const found = ::nla_find(head, static_cast<int>(bytes.size()), attribute);
  if (found == nullptr) return {};
  return {static_cast<const std::uint8_t*>(::nla_data(found)),
          static_cast<std::size_t>(::nla_len(found))};
}

}  // namespace

std::span<const std::uint8_t> Reply::Attribute(std::size_t header_bytes, int attribute) const {
  const std::size_t start = NLMSG_ALIGN(header_bytes);
  if (payload_.size() <= start) return {};
  return FindAttribute(std::span(payload_).subspan(start), attribute);
}

std::span<const std::uint8_t> Reply::Nested(std::span<const std::uint8_t> nest, int attribute) {
  if (nest.empty()) return {};
  return FindAttribute(nest, attribute);
}

std::uint32_t AsU32(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string AsText(std::span<const std::uint8_t> bytes) {
  const auto end = std::find(bytes.begin(), bytes.end(), std::uint8_t{0});
  return {bytes.begin(), end};
}

std::optional<IpAddress> AsAddress(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 16) return IpAddress::V6(bytes.first<16>());
  if (bytes.size() != 4) return std::nullopt;
  return IpAddress::V4(std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
                       std::uint32_t{bytes[2]} << 8 | bytes[3]);
}

}  // namespace caisson::network
