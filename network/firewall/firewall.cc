// SPDX-License-Identifier: Apache-2.0
#include "network/firewall/firewall.h"

#include <nftables/libnftables.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <utility>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr std::size_t kMaxTableName = 128;

bool IsTableName(std::string_view name) {
  const auto plain = [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' || byte == '-';
  };
  return !name.empty() && name.size() <= kMaxTableName &&
         std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         std::all_of(name.begin(), name.end(), plain);
}

// nft's messages show the whole line with carets below it; the first line says what went wrong.
std::string FirstLine(const char* text) {
  const std::string_view all = text != nullptr ? text : "";
  const auto line = Trim(all.substr(0, all.find('\n')));
  return std::string(line.empty() ? "no reason given" : line);
}

}  // namespace

void Firewall::Free::operator()(nft_ctx* context) const { ::nft_ctx_free(context); }

Result<std::unique_ptr<Firewall>> Firewall::Open(FirewallConfig config) {
  if (!IsTableName(config.table)) {
    return Error(Code::kInvalidSpec, StrCat("\"", config.table, "\" is not a table name"))
        .Hint("use a letter, then letters, digits, '_' or '-'");
  }
  std::unique_ptr<nft_ctx, Free> context(::nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context || ::nft_ctx_buffer_error(context.get()) != 0 ||
      ::nft_ctx_buffer_output(context.get()) != 0)
    return Error(Code::kSystem, "nftables: no context");
  return std::unique_ptr<Firewall>(new Firewall(std::move(config), std::move(context)));
}

Status Firewall::Run(const std::string& text) {
  if (text.empty()) return Ok();
  const std::lock_guard lock(mutex_);
  errno = 0;
  const int result = ::nft_run_cmd_from_buffer(context_.get(), text.c_str());
  const int cause = errno;
  // Reading the buffer empties it.
  const std::string reason = FirstLine(::nft_ctx_get_error_buffer(context_.get()));
  if (result == 0) return Ok();
  return Error(Code::kSystem, StrCat("nftables table \"inet ", config_.table, "\": ", reason),
               cause)
      .Hint("check for CAP_NET_ADMIN and a kernel with nf_tables, nft_nat, nft_masq and nft_fib");
}

Status Firewall::Install(std::span<const PortForward> forwards) {
  return Run(WholeRuleset(config_, forwards));
}
Status Firewall::Add(std::span<const PortForward> forwards) {
  return Run(AddForwardsText(config_, forwards));
}
Status Firewall::Delete(std::span<const PortForward> forwards) {
  return Run(DeleteForwardsText(config_, forwards));
}
Status Firewall::Remove() { return Run(DeleteTableText(config_)); }

}  // namespace caisson::network
