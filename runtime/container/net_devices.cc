// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/net_devices.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>

#include "runtime/base/path.h"
#include "runtime/container/route_socket.h"

namespace caisson::container {
namespace {

// An address as the kernel told it, for being told again elsewhere.
struct Address {
  ifaddrmsg fixed;
  std::string local, address, broadcast;
};

Result<int> IndexOf(const RouteSocket& socket, const std::string& name) {
  ifinfomsg wanted{};
  int index = 0;
  CAISSON_TRY(socket.Ask(RouteMessage(RTM_GETLINK, 0, wanted).AddText(IFLA_IFNAME, name),
                         "find interface", name, [&](std::string_view body) {
                           ifinfomsg found{};
                           if (body.size() < sizeof found) return;
                           std::memcpy(&found, body.data(), sizeof found);
                           index = found.ifi_index;
                         }));
  return index;
}

// Addresses that the container keeps: those that mean something beyond this link and were given by
// somebody, not made up by the kernel or leased for a time.
Result<std::vector<Address>> AddressesOf(const RouteSocket& socket, int index,
                                         const std::string& name) {
  std::vector<Address> addresses;
  const auto take = [&](std::string_view body) {
    Address found{};
    if (body.size() < sizeof found.fixed) return;
    std::memcpy(&found.fixed, body.data(), sizeof found.fixed);
    if (static_cast<int>(found.fixed.ifa_index) != index) return;
    if (found.fixed.ifa_scope != RT_SCOPE_UNIVERSE) return;
    if ((found.fixed.ifa_flags & IFA_F_PERMANENT) == 0) return;
    found.local = FindAttribute(body, sizeof found.fixed, IFA_LOCAL);
    found.address = FindAttribute(body, sizeof found.fixed, IFA_ADDRESS);
    found.broadcast = FindAttribute(body, sizeof found.fixed, IFA_BROADCAST);
    addresses.push_back(std::move(found));
  };
  CAISSON_TRY(socket.Ask(RouteMessage(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}),
                         "list addresses of interface", name, take));
  return addresses;
}

Status MoveTo(const RouteSocket& from, int index, FdView netns, const std::string& old_name,
              const std::string& name) {
  ifinfomsg link{};
  link.ifi_index = index;
  RouteMessage move(RTM_NEWLINK, 0, link);
  move.AddNumber(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns.get()))
      .AddText(IFLA_IFNAME, name);
  Status moved = from.Ask(move, "move interface", old_name);
  if (moved || moved.error().sys_errno() != EEXIST) return moved;
  return std::move(moved).error().Hint(
      StrCat("choose another name: the container's network namespace has an interface \"", name,
             "\" already"));
}

Status MakeReady(const RouteSocket& inside, const std::string& name,
                 const std::vector<Address>& addresses) {
  CAISSON_ASSIGN(const int index, IndexOf(inside, name));
  for (const Address& address : addresses) {
    ifaddrmsg fixed = address.fixed;
    fixed.ifa_index = static_cast<std::uint32_t>(index);
    fixed.ifa_flags = IFA_F_PERMANENT;
    RouteMessage add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, fixed);
    if (!address.local.empty()) add.Add(IFA_LOCAL, address.local);
    if (!address.address.empty()) add.Add(IFA_ADDRESS, address.address);
    if (!address.broadcast.empty()) add.Add(IFA_BROADCAST, address.broadcast);
    CAISSON_TRY(inside.Ask(add, "add address to interface", name));
  }
  ifinfomsg up{};
  up.ifi_index = index;
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  return inside.Ask(RouteMessage(RTM_NEWLINK, 0, up), "set up interface", name);
}

// Undoes a move that came halfway: the kernel renames only after it has moved.
void BringBack(const RouteSocket& inside, const RouteSocket& host, const std::string& name,
               const std::string& old_name, const std::vector<Address>& addresses) {
  if (IndexOf(host, old_name)) return;  // it has not left
  const auto home = OpenAt(kCwd, "/proc/self/ns/net", O_RDONLY);
  const auto index = IndexOf(inside, name);
  // The first error is the one that counts.
  if (home && index && MoveTo(inside, *index, *home, name, old_name))
    (void)MakeReady(host, old_name, addresses);
}

}  // namespace

Status MoveNetDevices(const std::vector<spec::NetDevice>& devices, FdView netns) {
  if (devices.empty()) return Ok();
  CAISSON_ASSIGN(const RouteSocket host, RouteSocket::Open());
  CAISSON_ASSIGN(const RouteSocket inside, RouteSocket::OpenIn(netns));
  for (const spec::NetDevice& device : devices) {
    const std::string& old_name = device.host_name;
    const std::string& name = device.container_name.empty() ? old_name : device.container_name;
    CAISSON_ASSIGN(const int index, IndexOf(host, old_name), "linux.netDevices");
    CAISSON_ASSIGN(const auto addresses, AddressesOf(host, index, old_name), "linux.netDevices");
    Status moved = MoveTo(host, index, netns, old_name, name);
    Status ready = moved ? MakeReady(inside, name, addresses) : std::move(moved);
    if (ready) continue;
    BringBack(inside, host, old_name, old_name, addresses);
    BringBack(inside, host, name, old_name, addresses);
    return std::move(ready).error().Wrap("linux.netDevices");
  }
  return Ok();
}

}  // namespace caisson::container
