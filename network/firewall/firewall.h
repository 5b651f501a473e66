// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "network/firewall/ruleset.h"
#include "runtime/base/error.h"

struct nft_ctx;

namespace caisson::network {

// One nftables table of our own: masquerade for what leaves the node, host ports, and the guard of
// the node's loopback. Other tables are neither read nor written. Each call is one transaction: all
// of it or nothing. Thread-safe.
class Firewall {
 public:
  // Speaks for the calling thread's network namespace from then on.
  // Errors: kInvalidSpec for a table name that nft would not take as one.
  static Result<std::unique_ptr<Firewall>> Open(FirewallConfig config);

  // Puts the whole table into its wanted state, whatever was there.
  // Errors: kSystem with nft's words, and what the kernel needs as the hint.
  Status Install(std::span<const PortForward> forwards);
  Status Add(std::span<const PortForward> forwards);
  // Errors: kSystem when one is not there.
  Status Delete(std::span<const PortForward> forwards);
  // No table is success.
  Status Remove();

  const FirewallConfig& config() const { return config_; }

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  Firewall(FirewallConfig config, std::unique_ptr<nft_ctx, Free> context)
      : config_(std::move(config)), context_(std::move(context)) {}
  Status Run(const std::string& text);

  FirewallConfig config_;
  std::mutex mutex_;
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace caisson::network
