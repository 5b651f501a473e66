// SPDX-License-Identifier: Apache-2.0
#include "network/firewall/ruleset.h"

#include <array>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

// nft's words for a family.
struct FamilyWords {
  Family family;
  std::string_view suffix;
  std::string_view ip;
  std::string_view address_type;
};
constexpr std::array<FamilyWords, 2> kFamilies = {
    {{Family::kIpv4, "v4", "ip", "ipv4_addr"}, {Family::kIpv6, "v6", "ip6", "ipv6_addr"}}};

const FamilyWords& WordsOf(Family family) {
  return family == Family::kIpv4 ? kFamilies[0] : kFamilies[1];
}

// Two maps for a family: ports of every address of the node, and ports of one of its addresses.
std::string MapName(const FamilyWords& words, bool one_address) {
  return StrCat(one_address ? "host_ip_ports_" : "host_ports_", words.suffix);
}

std::string Key(const PortMapping& mapping) {
  const std::string port = StrCat(Name(mapping.protocol), " . ", mapping.host_port);
  return mapping.host_ip ? StrCat(mapping.host_ip->ToString(), " . ", port) : port;
}

std::string Element(const PortForward& forward) {
  return StrCat(Key(forward.mapping), " : ", forward.pod_ip.ToString(), " . ",
                forward.mapping.pod_port);
}

std::string ElementCommands(std::string_view verb, const FirewallConfig& config,
                            std::span<const PortForward> forwards) {
  std::string text;
  for (const PortForward& forward : forwards) {
    const auto& words = WordsOf(forward.pod_ip.family());
    text += StrCat(verb, " element inet ", config.table, " ",
                   MapName(words, forward.mapping.host_ip.has_value()), " { ", Element(forward),
                   " }\n");
  }
  return text;
}

std::string Maps(const FamilyWords& words) {
  return StrCat("  map ", MapName(words, false),
                " {\n    type inet_proto . inet_service : ", words.address_type,
                " . inet_service\n  }\n", "  map ", MapName(words, true), " {\n    type ",
                words.address_type, " . inet_proto . inet_service : ", words.address_type,
                " . inet_service\n  }\n");
}

std::string ForwardRules(const FamilyWords& words) {
  const std::string family = StrCat("    meta nfproto ", words.ip == "ip" ? "ipv4" : "ipv6", " ");
  const std::string port = "meta l4proto . th dport map @";
  return StrCat(family, "dnat ", words.ip, " to ", words.ip, " daddr . ", port,
                MapName(words, true), "\n",  //
                family, "fib daddr type local dnat ", words.ip, " to ", port, MapName(words, false),
                "\n");
}

// Whom a pod's packets seem to come from. A pod that is reached through a host port by a pod of the
// same bridge, itself perhaps, or by the node's loopback would answer past the translation, so it
// sees the bridge's address there.
std::string SourceRules(const FirewallConfig& config, const Cidr& network) {
  const auto& words = WordsOf(network.family());
  const std::string net = StrCat(network.network().ToString(), "/", network.prefix());
  const std::string from = StrCat(words.ip, " saddr ");
  const std::string bridge = StrCat("oifname \"", config.bridge, "\" ct status dnat ");
  std::string rules = StrCat("    ", bridge, from, net, " masquerade\n");
  if (network.family() == Family::kIpv4)
    rules += StrCat("    ", bridge, from, "127.0.0.0/8 masquerade\n");
  if (config.masquerade) {
    rules += StrCat("    ", from, net, " ", words.ip, " daddr != ", net, " oifname != \"",
                    config.bridge, "\" masquerade fully-random\n");
  }
  return rules;
}

}  // namespace

std::string WholeRuleset(const FirewallConfig& config, std::span<const PortForward> forwards) {
  std::string maps;
  std::string forward_rules;
  std::string source_rules;
  for (const Cidr& network : config.pod_networks) {
    maps += Maps(WordsOf(network.family()));
    forward_rules += ForwardRules(WordsOf(network.family()));
    source_rules += SourceRules(config, network);
  }
  const std::string bridge = StrCat("\"", config.bridge, "\"");
  return StrCat(
      DeleteTableText(config), "table inet ", config.table, " {\n", maps,
      // The bridge routes 127.0.0.0/8, so that the node's own loopback reaches host ports; that
      // must not let pods reach what the node serves on loopback.
      "  chain guard {\n    type filter hook prerouting priority -300; policy accept;\n",
      "    iifname ", bridge, " ip daddr 127.0.0.0/8 drop\n  }\n", "  chain host_ports {\n",
      forward_rules, "  }\n",
      "  chain prerouting {\n    type nat hook prerouting priority -100; policy accept;\n",
      "    jump host_ports\n  }\n",
      "  chain output {\n    type nat hook output priority -100; policy accept;\n",
      "    jump host_ports\n  }\n",
      "  chain postrouting {\n    type nat hook postrouting priority 100; policy accept;\n",
      source_rules, "  }\n",
      "  chain forward {\n    type filter hook forward priority 0; policy accept;\n",
      "    iifname ", bridge, " accept\n    oifname ", bridge, " accept\n  }\n}\n",
      AddForwardsText(config, forwards));
}

std::string AddForwardsText(const FirewallConfig& config, std::span<const PortForward> forwards) {
  return ElementCommands("add", config, forwards);
}

std::string DeleteForwardsText(const FirewallConfig& config,
                               std::span<const PortForward> forwards) {
  return ElementCommands("delete", config, forwards);
}

std::string DeleteTableText(const FirewallConfig& config) {
  return StrCat("add table inet ", config.table, "\ndelete table inet ", config.table, "\n");
}

}  // namespace caisson::network
