// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include "network/pod_network/pod_files.h"
#include "runtime/base/file.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

bool IsLoopback(std::string_view server) {
  const auto address = IpAddress::Parse(server.substr(0, server.find('%')));
  return address && address->is_loopback();
}

}  // namespace

Resolver ParseResolvConf(std::string_view text) {
  Resolver resolver;
  for (std::string_view line : Split(text, '\n')) {
    const auto words = Words(Trim(line.substr(0, line.find_first_of("#;"))));
    if (words.size() < 2) continue;
    if (words[0] == "nameserver") {
      resolver.nameservers.emplace_back(words[1]);
    } else if (words[0] == "search" || words[0] == "domain") {
      resolver.searches.assign(words.begin() + 1, words.end());
    } else if (words[0] == "options") {
      for (const auto option : std::span(words).subspan(1)) {
        const auto colon = option.find(':');
        if (colon == 0) continue;  // a value of nothing
        resolver.options.emplace_back(option.substr(0, colon),
                                      colon == std::string_view::npos
                                          ? std::nullopt
                                          : std::optional<std::string>(option.substr(colon + 1)));
      }
    }
  }
  return resolver;
}

Resolver ReadNodeResolver(const std::vector<std::string>& paths) {
  std::optional<Resolver> first;
  for (const std::string& path : paths) {
    const auto text = ReadFile(path);
    if (!text) continue;
    Resolver resolver = ParseResolvConf(*text);
    const bool usable = std::any_of(resolver.nameservers.begin(), resolver.nameservers.end(),
                                    [](const std::string& each) { return !IsLoopback(each); });
    if (usable) return resolver;
    if (!first) first = std::move(resolver);
  }
  return first.value_or(Resolver());
}

}  // namespace caisson::network
