// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "network/netlink/ip_address.h"
#include "runtime/base/fd.h"

struct nl_msg;
struct nlmsghdr;

namespace caisson::network {

// One rtnetlink request, with the words that an error about it is told in. Attributes are put after
// the fixed header. Move-only. Thread-compatible: one owner at a time.
class Message {
 public:
  // `type` is RTM_*, `flags` NLM_F_* besides REQUEST; `call` and `object` are the words of errors:
  //   RTM_NEWLINK "caisson0": Operation not supported (EOPNOTSUPP)
  Message(int type, int flags, std::string_view call, std::string_view object);

  template <class Header>
  requires std::is_trivially_copyable_v<Header> Message& Append(const Header& header) {
    return AppendBytes(&header, sizeof header);
  }
  Message& Put(int attribute, std::string_view text);  // with its terminating zero
  Message& PutU8(int attribute, std::uint8_t value);
  Message& PutU16(int attribute, std::uint16_t value);
  Message& PutU32(int attribute, std::uint32_t value);
  Message& PutBytes(int attribute, std::span<const std::uint8_t> bytes);
  Message& PutAddress(int attribute, const IpAddress& address);
  Message& PutFd(int attribute, FdView fd);
  Message& PutNested(int attribute, const std::function<void(Message&)>& fill);

  // The kernel says EOPNOTSUPP or ENODEV where a module is missing.
  Message& HintWhenUnsupported(std::string_view hint);
  // An errno that means that the wanted state is there already.
  Message& Accept(int sys_errno);

  const std::string& call() const { return call_; }
  const std::string& object() const { return object_; }
  const std::string& unsupported_hint() const { return unsupported_hint_; }
  bool Accepts(int sys_errno) const;
  int flags() const;
  // The encoded request. Its sequence number and port are the socket's to fill.
  std::span<const std::uint8_t> bytes() const;

 private:
  struct Free {
    void operator()(nl_msg* message) const;
  };
  Message& AppendBytes(const void* data, std::size_t size);
  void Check(int result, int attribute) const;

  std::unique_ptr<nl_msg, Free> message_;
  std::string call_;
  std::string object_;
  std::string unsupported_hint_;
  std::vector<int> accepted_;
};

// One answer of the kernel. Views into it live as long as it does.
class Reply {
 public:
  Reply(int type, std::vector<std::uint8_t> payload) : type_(type), payload_(std::move(payload)) {}

  int type() const { return type_; }
  // The fixed header; all zeros when the answer is shorter than it.
  template <class Header>
  requires std::is_trivially_copyable_v<Header> Header header()
  const {
    Header header{};
    CopyHeader(&header, sizeof header);
    return header;
  }
  // An attribute behind a header of `header_bytes`; empty when absent.
  std::span<const std::uint8_t> Attribute(std::size_t header_bytes, int attribute) const;
  // An attribute inside another one; empty when absent.
  static std::span<const std::uint8_t> Nested(std::span<const std::uint8_t> nest, int attribute);

 private:
  void CopyHeader(void* out, std::size_t size) const;

  int type_;
  std::vector<std::uint8_t> payload_;
};

// The bytes of an attribute as what they mean; 0 or "" when absent or too short.
std::uint32_t AsU32(std::span<const std::uint8_t> bytes);
std::string AsText(std::span<const std::uint8_t> bytes);
std::optional<IpAddress> AsAddress(std::span<const std::uint8_t> bytes);

}  // namespace caisson::network
