// SPDX-License-Identifier: Apache-2.0
#include "agent/image/digest.h"

#include <openssl/evp.h>

#include <array>

#include "runtime/base/strings.h"

namespace caisson::image {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  (void)EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);  // fails only without memory
}

void Sha256::Update(std::string_view bytes) {
  (void)EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

std::string Sha256::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  (void)EVP_DigestFinal_ex(context_.get(), raw.data(), &size);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "sha256:";
  for (unsigned int i = 0; i < size; ++i) {
    out.push_back(kHex[raw[i] >> 4]);
    out.push_back(kHex[raw[i] & 0xf]);
  }
  return out;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string HexOf(std::string_view digest) {
  return std::string(digest.substr(digest.find(':') + 1));
}

std::string ChainId(std::string_view parent_chain_id, std::string_view diff_id) {
  if (parent_chain_id.empty()) return std::string(diff_id);
  return Sha256Of(StrCat(parent_chain_id, " ", diff_id));
}

}  // namespace caisson::image
