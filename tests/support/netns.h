// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::test {

// While it lives, the calling thread is in a new network namespace with lo up; then back in the one
// before. Nothing that a test does inside can be seen outside.
class OwnNetns {
 public:
  OwnNetns();
  OwnNetns(const OwnNetns&) = delete;
  OwnNetns& operator=(const OwnNetns&) = delete;
  ~OwnNetns();

 private:
  UniqueFd home_;
};

// A new network namespace that lives as long as the descriptor; the calling thread stays where it
// is.
UniqueFd NewNetns();

// Text of `ip` and `nft` about the calling thread's namespace: links, addresses, routes, tables.
// Equal texts before and after mean that nothing was left behind.
std::string NetworkSnapshot();

// One exchange over loopback, veth or bridge: a socket of `to` listens on `port`, one of `from`
// sends "ping" to `address`:`port_called`, the answer "pong" comes back. All three sockets are made
// inside their namespaces and used from outside.
struct Exchange {
  int type = 1;                    // SOCK_STREAM; SOCK_DGRAM
  const UniqueFd* from = nullptr;  // nullptr: the calling thread's own
  const UniqueFd* to = nullptr;
  std::string address;
  std::uint16_t port = 7;         // where `to` listens
  std::uint16_t port_called = 0;  // 0: `port`
  std::uint16_t port_from = 0;    // of the sender; 0: any
  Deadline deadline = Deadline::After(std::chrono::seconds(5));
};
// The address that the listener saw its peer have.
// Errors: kSystem with ETIMEDOUT when nothing arrived; what connect(2) says.
Result<std::string> Talk(const Exchange& exchange);

}  // namespace caisson::test
