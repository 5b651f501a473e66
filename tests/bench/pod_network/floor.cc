// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/pod_network/floor.h"

#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <memory>

#include "runtime/base/strings.h"

namespace caisson::bench {
namespace {

void Must(int result, const char* what) {
  if (result >= 0) return;
  fprintf(stderr, "floor: %s: %s\n", what, nl_geterror(result));
  exit(1);
}

template <class T, void (*put)(T*)>
struct Put {
  void operator()(T* object) const { put(object); }
};
using Link = std::unique_ptr<rtnl_link, Put<rtnl_link, rtnl_link_put>>;
using Address = std::unique_ptr<rtnl_addr, Put<rtnl_addr, rtnl_addr_put>>;
using Route = std::unique_ptr<rtnl_route, Put<rtnl_route, rtnl_route_put>>;
using Bytes = std::unique_ptr<nl_addr, Put<nl_addr, nl_addr_put>>;

Bytes Parse(const std::string& text) {
  nl_addr* address = nullptr;
  Must(nl_addr_parse(text.c_str(), AF_INET, &address), "nl_addr_parse");
  return Bytes(address);
}

nl_sock* Connect() {
  nl_sock* const socket = nl_socket_alloc();
  Must(nl_connect(socket, NETLINK_ROUTE), "nl_connect");
  return socket;
}

int IndexOf(nl_sock* socket, const char* name) {
  rtnl_link* link = nullptr;
  Must(rtnl_link_get_kernel(socket, 0, name, &link), "rtnl_link_get_kernel");
  return rtnl_link_get_ifindex(Link(link).get());
}

void BringUp(nl_sock* socket, int index) {
  const Link change(rtnl_link_alloc());
  rtnl_link_set_ifindex(change.get(), index);
  rtnl_link_set_flags(change.get(), IFF_UP);
  Must(rtnl_link_change(socket, change.get(), change.get(), 0), "rtnl_link_change");
}

void AddDefaultRoute(nl_sock* socket, int index) {
  const Route route(rtnl_route_alloc());
  const Bytes everywhere(nl_addr_build(AF_INET, "\0\0\0\0", 4));
  nl_addr_set_prefixlen(everywhere.get(), 0);
  rtnl_route_set_family(route.get(), AF_INET);
  rtnl_route_set_dst(route.get(), everywhere.get());
  rtnl_nexthop* const hop = rtnl_route_nh_alloc();
  const Bytes gateway = Parse("10.231.255.254");
  rtnl_route_nh_set_gateway(hop, gateway.get());
  rtnl_route_nh_set_ifindex(hop, index);
  rtnl_route_add_nexthop(route.get(), hop);
  Must(rtnl_route_add(socket, route.get(), 0), "rtnl_route_add");
}

}  // namespace

NetworkFloor::NetworkFloor(const std::string& bridge) : socket_(Connect()) {
  const Link link(rtnl_link_alloc());
  rtnl_link_set_type(link.get(), "bridge");
  rtnl_link_set_name(link.get(), bridge.c_str());
  rtnl_link_set_flags(link.get(), IFF_UP);
  Must(rtnl_link_add(socket_, link.get(), NLM_F_CREATE), "bridge");
  bridge_index_ = IndexOf(socket_, bridge.c_str());
}

NetworkFloor::~NetworkFloor() { nl_socket_free(socket_); }

void NetworkFloor::Attach(int number, const UniqueFd& netns, const UniqueFd& home) {
  const Link link(rtnl_link_veth_alloc());
  rtnl_link_set_name(link.get(), StrCat("floor", number).c_str());
  rtnl_link_set_master(link.get(), bridge_index_);
  rtnl_link_set_flags(link.get(), IFF_UP);
  rtnl_link* const peer = rtnl_link_veth_get_peer(link.get());
  rtnl_link_set_name(peer, "eth0");
  rtnl_link_set_ns_fd(peer, netns.get());
  Must(rtnl_link_add(socket_, link.get(), NLM_F_CREATE | NLM_F_EXCL), "veth");
  rtnl_link_put(peer);

  Must(setns(netns.get(), CLONE_NEWNET), "setns");
  nl_sock* const pod = Connect();
  Must(setns(home.get(), CLONE_NEWNET), "setns");
  const int eth0 = IndexOf(pod, "eth0");
  BringUp(pod, 1);
  BringUp(pod, eth0);
  const Address address(rtnl_addr_alloc());
  const Bytes local = Parse(StrCat("10.231.", number / 250, ".", number % 250 + 2, "/16"));
  rtnl_addr_set_ifindex(address.get(), eth0);
  rtnl_addr_set_local(address.get(), local.get());
  Must(rtnl_addr_add(pod, address.get(), 0), "rtnl_addr_add");
  AddDefaultRoute(pod, eth0);
  nl_socket_free(pod);
}

}  // namespace caisson::bench
