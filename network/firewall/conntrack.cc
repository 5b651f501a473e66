// SPDX-License-Identifier: Apache-2.0
#include "network/firewall/conntrack.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <vector>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kBatch = 64;

Message ConntrackMessage(int command, int flags, std::string_view call, Family family) {
  Message message(NFNL_SUBSYS_CTNETLINK << 8 | command, flags, call, "UDP flows");
  message.HintWhenUnsupported("load the kernel module: modprobe nf_conntrack_netlink");
  nfgenmsg header{};
  header.nfgen_family = family == Family::kIpv4 ? AF_INET : AF_INET6;
  header.version = NFNETLINK_V0;
  message.Append(header);
  return message;
}

std::optional<IpAddress> AddressOf(Bytes tuple, int v4, int v6) {
  const Bytes ip = Reply::Nested(tuple, CTA_TUPLE_IP);
  auto address = AsAddress(Reply::Nested(ip, v4));
  return address ? address : AsAddress(Reply::Nested(ip, v6));
}

// Nothing for flows of other protocols.
std::optional<UdpFlow> ParseFlow(const Reply& reply) {
  const Bytes original = reply.Attribute(sizeof(nfgenmsg), CTA_TUPLE_ORIG);
  const Bytes answers = reply.Attribute(sizeof(nfgenmsg), CTA_TUPLE_REPLY);
  const Bytes protocol = Reply::Nested(original, CTA_TUPLE_PROTO);
  const Bytes number = Reply::Nested(protocol, CTA_PROTO_NUM);
  const Bytes port = Reply::Nested(protocol, CTA_PROTO_DST_PORT);
  const auto to = AddressOf(original, CTA_IP_V4_DST, CTA_IP_V6_DST);
  const auto from = AddressOf(answers, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  if (number.size() != 1 || number[0] != IPPROTO_UDP || port.size() != 2 || !to || !from)
    return std::nullopt;
  return UdpFlow{*to, static_cast<std::uint16_t>(port[0] << 8 | port[1]), *from};
}

}  // namespace

Status ForgetUdpFlows(NetlinkSocket& socket, Family family,
                      const std::function<bool(const UdpFlow&)>& is_stale) {
  CAISSON_ASSIGN(const auto replies, socket.Send(ConntrackMessage(IPCTNL_MSG_CT_GET, NLM_F_DUMP,
                                                                  "IPCTNL_MSG_CT_GET", family)));
  std::vector<Message> deletions;
  for (const Reply& reply : replies) {
    const auto flow = ParseFlow(reply);
    if (!flow || !is_stale(*flow)) continue;
    Message deletion = ConntrackMessage(IPCTNL_MSG_CT_DELETE, 0, "IPCTNL_MSG_CT_DELETE", family);
    deletion.Accept(ENOENT).PutBytes(CTA_TUPLE_ORIG | NLA_F_NESTED,
                                     reply.Attribute(sizeof(nfgenmsg), CTA_TUPLE_ORIG));
    deletions.push_back(std::move(deletion));
  }
  for (std::size_t at = 0; at < deletions.size(); at += kBatch) {
    const std::span rest = std::span(deletions).subspan(at);
    CAISSON_TRY(socket.Transact(rest.first(std::min(kBatch, rest.size()))));
  }
  return Ok();
}

}  // namespace caisson::network
