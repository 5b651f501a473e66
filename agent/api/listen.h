// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::api {

// A place where the API may be reached: whoever can reach it may do all of it, so only the unix
// socket (mode 0600) and the loopback interface are taken.
struct ListenAddress {
  std::string path;        // of a unix socket; empty for TCP
  std::string host;        // "127.0.0.1", "::1"
  std::uint16_t port = 0;  // 0: any free one

  bool is_unix() const { return !path.empty(); }
  // "unix:///run/caisson/caissond.sock", "http://127.0.0.1:10280"
  std::string Url() const;
};

// "unix:///path", "/path", "127.0.0.1:10280", "[::1]:0", "localhost:80", each also after "http://".
// Errors: kInvalidSpec; kDenied for an address that other machines can reach.
Result<ListenAddress> ParseListenAddress(std::string_view text);

// A listening socket; `address.port` becomes the real one.
Result<UniqueFd> Listen(ListenAddress& address);

// Whether a Host or Origin header names this machine itself, by loopback address or as localhost. A
// web page that had its own name resolve to 127.0.0.1 does not.
bool IsLoopbackHost(std::string_view host);

}  // namespace caisson::api
