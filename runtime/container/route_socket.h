// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::container {

// One request to the kernel's routing family: a header, the family's fixed part, attributes.
// Source: netlink(7), rtnetlink(7).
class RouteMessage {
 public:
  template <class Fixed>
  RouteMessage(std::uint16_t type, std::uint16_t flags, const Fixed& fixed)
      : RouteMessage(type, flags,
                     std::string_view(reinterpret_cast<const char*>(&fixed), sizeof fixed)) {}
  // Attributes stand in the order of the calls.
  RouteMessage& Add(std::uint16_t attribute, std::string_view bytes);
  RouteMessage& AddText(std::uint16_t attribute, const std::string& text);
  RouteMessage& AddNumber(std::uint16_t attribute, std::uint32_t number);

  const std::string& bytes() const { return bytes_; }

 private:
  RouteMessage(std::uint16_t type, std::uint16_t flags, std::string_view fixed);
  std::string bytes_;
};

// The attribute in `body`, which begins with a fixed part of `fixed_size`; empty when absent.
std::string_view FindAttribute(std::string_view body, std::size_t fixed_size,
                               std::uint16_t attribute);

// A socket of the routing family in one network namespace.
// Thread-compatible: one owner at a time.
class RouteSocket {
 public:
  static Result<RouteSocket> Open();
  // In another namespace. Goes there and back, so the program must have one thread.
  static Result<RouteSocket> OpenIn(FdView netns);

  // Sends the request and hands every answer's body to `visit`, until the kernel says that it is
  // done. Errors: what the kernel says, as SysError(`call`, `operand`).
  Status Ask(const RouteMessage& message, std::string_view call, std::string_view operand,
             const std::function<void(std::string_view body)>& visit = nullptr) const;

 private:
  explicit RouteSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace caisson::container
