// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/base/fd.h"

struct nl_sock;

namespace caisson::bench {

// What any program must ask of the kernel to put a pod into a network, one request after the other
// with libnl-route, and nothing beside: no leases, no checks, no repair, no firewall. Any failure
// ends the program.
class NetworkFloor {
 public:
  // A bridge in the calling thread's network namespace.
  explicit NetworkFloor(const std::string& bridge);
  NetworkFloor(const NetworkFloor&) = delete;
  NetworkFloor& operator=(const NetworkFloor&) = delete;
  ~NetworkFloor();

  // veth, lo, address and default route for the `number`th pod.
  void Attach(int number, const UniqueFd& netns, const UniqueFd& home);

 private:
  nl_sock* socket_;
  int bridge_index_;
};

}  // namespace caisson::bench
