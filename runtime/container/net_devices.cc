// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/net_devices.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <memory>

#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/container/route_socket.h"

namespace caisson::container {
namespace {

// The routing sockets of both sides. That of the inside keeps the network namespace alive when
// nobody is in it any more.
struct Sides {
  RouteSocket host;
  RouteSocket inside;
  UniqueFd home;
};

// An address as the kernel told it, for being told again elsewhere.
struct Address {
  ifaddrmsg fixed;
  std::vector<std::pair<std::uint16_t, std::string>> attributes;
};

// An interface as it is at home.
struct Interface {
  std::string name;
  int index = 0;
  bool is_up = false;
  std::vector<Address> addresses;
};

Result<Interface> Find(const RouteSocket& socket, const std::string& name) {
  Interface interface { .name = name };
  CAISSON_TRY(socket.Ask(RouteMessage(RTM_GETLINK, 0, ifinfomsg{}).AddText(IFLA_IFNAME, name),
                         "find interface", name, [&](std::string_view body) {
                           ifinfomsg found{};
                           if (body.size() < sizeof found) return;
                           std::memcpy(&found, body.data(), sizeof found);
                           interface.index = found.ifi_index;
                           interface.is_up = (found.ifi_flags & IFF_UP) != 0;
                         }));
  return interface;
}

// What is told again; the rest of an address's attributes is the kernel's to say.
constexpr std::uint16_t kToldAgain[] = {IFA_LOCAL, IFA_ADDRESS,   IFA_BROADCAST,
                                        IFA_LABEL, IFA_CACHEINFO, IFA_RT_PRIORITY};

// All addresses but those that the kernel makes up by itself when the link comes up.
Result<std::vector<Address>> AddressesOf(const RouteSocket& socket, const Interface& interface) {
  std::vector<Address> addresses;
  const auto take = [&](std::string_view body) {
    Address found{};
    if (body.size() < sizeof found.fixed) return;
    std::memcpy(&found.fixed, body.data(), sizeof found.fixed);
    if (static_cast<int>(found.fixed.ifa_index) != interface.index) return;
    if (found.fixed.ifa_family == AF_INET6 && found.fixed.ifa_scope == RT_SCOPE_LINK) return;
    for (const std::uint16_t kind : kToldAgain) {
      const std::string_view bytes = FindAttribute(body, sizeof found.fixed, kind);
      if (!bytes.empty()) found.attributes.emplace_back(kind, bytes);
    }
    addresses.push_back(std::move(found));
  };
  CAISSON_TRY(socket.Ask(RouteMessage(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}),
                         "list addresses of interface", interface.name, take));
  return addresses;
}

// Those that the container keeps: they mean something beyond this link and were given by somebody,
// not leased for a time.
bool IsForContainer(const Address& address) {
  return address.fixed.ifa_scope == RT_SCOPE_UNIVERSE &&
         (address.fixed.ifa_flags & IFA_F_PERMANENT) != 0;
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

// A label is the interface's old name, and lifetimes are of leased addresses: both stay at home.
enum class Whose : std::uint8_t { kContainers, kHosts };

Status AddAddress(const RouteSocket& socket, const Interface& interface, const Address& address,
                  Whose whose) {
  ifaddrmsg fixed = address.fixed;
  fixed.ifa_index = static_cast<std::uint32_t>(interface.index);
  fixed.ifa_flags &= IFA_F_PERMANENT;
  RouteMessage add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, fixed);
  for (const auto& [kind, bytes] : address.attributes) {
    const bool local = kind == IFA_LABEL || kind == IFA_CACHEINFO || kind == IFA_RT_PRIORITY;
    if (whose == Whose::kHosts || !local) add.Add(kind, bytes);
  }
  return socket.Ask(add, "add address to interface", interface.name);
}

Status SetUp(const RouteSocket& socket, const Interface& interface) {
  ifinfomsg up{};
  up.ifi_index = interface.index;
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  return socket.Ask(RouteMessage(RTM_NEWLINK, 0, up), "set up interface", interface.name);
}

Status MakeReady(const RouteSocket& inside, const std::string& name,
                 const std::vector<Address>& addresses) {
  CAISSON_ASSIGN(const Interface interface, Find(inside, name));
  for (const Address& address : addresses)
    if (IsForContainer(address))
      CAISSON_TRY(AddAddress(inside, interface, address, Whose::kContainers));
  return SetUp(inside, interface);
}

// As many addresses as may be: one that is taken meanwhile is no reason to leave out the others.
Status MakeAsItWas(const RouteSocket& host, const Interface& at_home) {
  CAISSON_ASSIGN(const Interface again, Find(host, at_home.name));
  for (const Address& address : at_home.addresses)
    (void)AddAddress(host, again, address, Whose::kHosts);
  return at_home.is_up ? SetUp(host, again) : Ok();
}

// Undoes a move, also one that came halfway. `name`: what it is called inside, if it is there.
void BringBack(const Sides& sides, const Interface& at_home, const std::string& name) {
  if (Find(sides.host, at_home.name)) return;  // it has not left
  const auto inside = Find(sides.inside, name);
  Status back = inside ? MoveTo(sides.inside, inside->index, sides.home, name, at_home.name)
                       : Status(inside.error());
  if (back) back = MakeAsItWas(sides.host, at_home);
  if (!back)
    Log(LogLevel::kWarning, std::move(back).error().Wrap("bring interface back").ToString());
}

Status MoveOne(const std::shared_ptr<const Sides>& sides, FdView netns,
               const spec::NetDevice& device, Rollback& undo) {
  CAISSON_ASSIGN(Interface at_home, Find(sides->host, device.host_name));
  CAISSON_ASSIGN(at_home.addresses, AddressesOf(sides->host, at_home));
  // The kernel renames only after it has moved, and may fail in between.
  const auto name = std::make_shared<std::string>(at_home.name);
  undo.Add([sides, at_home, name] { BringBack(*sides, at_home, *name); });
  const std::string& new_name =
      device.container_name.empty() ? device.host_name : device.container_name;
  CAISSON_TRY(MoveTo(sides->host, at_home.index, netns, at_home.name, new_name));
  *name = new_name;
  return MakeReady(sides->inside, new_name, at_home.addresses);
}

}  // namespace

Status MoveNetDevices(const std::vector<spec::NetDevice>& devices, FdView netns, Rollback& undo) {
  if (devices.empty()) return Ok();
  CAISSON_ASSIGN(RouteSocket host, RouteSocket::Open());
  CAISSON_ASSIGN(RouteSocket inside, RouteSocket::OpenIn(netns));
  CAISSON_ASSIGN(UniqueFd home, OpenAt(kCwd, "/proc/self/ns/net", O_RDONLY));
  const auto sides =
      std::make_shared<const Sides>(Sides{std::move(host), std::move(inside), std::move(home)});
  for (const spec::NetDevice& device : devices)
    CAISSON_TRY(MoveOne(sides, netns, device, undo), "linux.netDevices");
  return Ok();
}

}  // namespace caisson::container
