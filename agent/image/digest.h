// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

struct evp_md_ctx_st;

namespace caisson::image {

// SHA-256 of bytes that come in pieces. Thread-compatible: one owner at a time.
class Sha256 {
 public:
  Sha256();
  void Update(std::string_view bytes);
  // "sha256:<64 hex>"; nothing can be added after it.
  std::string Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string Sha256Of(std::string_view bytes);

// The hexadecimal part of a digest that IsDigest accepts: a name for a file.
std::string HexOf(std::string_view digest);

// What names a stack of layers: the first diff id, then the digest of "<chain id> <diff id>".
// Source: image-spec, config.md, layer chain id.
std::string ChainId(std::string_view parent_chain_id, std::string_view diff_id);

}  // namespace caisson::image
