// SPDX-License-Identifier: Apache-2.0
#include "agent/image/reference.h"

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

constexpr std::string_view kDefaultRegistry = "docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kMaxName = 255;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsLower(c) || IsDigit(c) || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }

Error Bad(std::string_view text, std::string_view why) {
  constexpr std::size_t kMaxShown = 100;
  return Error(Code::kInvalidSpec,
               StrCat("image reference \"", text.substr(0, kMaxShown), "\": ", why));
}

// host[:port], an IPv6 address in brackets included.
bool IsRegistry(std::string_view text) {
  std::string_view host = text;
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && text.back() != ']') {
    host = text.substr(0, colon);
    if (!ParseInt<std::uint16_t>(text.substr(colon + 1))) return false;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    return std::all_of(host.begin(), host.end(), [](char c) { return IsHex(c) || c == ':'; });
  }
  if (host.empty() || !IsAlnum(host.front()) || !IsAlnum(host.back())) return false;
  return host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return IsAlnum(c) || c == '.' || c == '-'; });
}

// Letters and digits in groups that '.', '_', '__' or any number of '-' join.
bool IsComponent(std::string_view text) {
  const auto is_word = [](char c) { return IsLower(c) || IsDigit(c); };
  if (text.empty() || !is_word(text.front()) || !is_word(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_word(text[i])) {
      ++i;
      continue;
    }
    const auto end =
        std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_word);
    const std::string_view join = text.substr(i, static_cast<std::size_t>(end - text.begin()) - i);
    const bool dashes = join.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && join != "." && join != "_" && join != "__") return false;
    i += join.size();
  }
  return true;
}

bool IsTag(std::string_view text) {
  constexpr std::size_t kMaxTag = 128;
  const auto is_word = [](char c) { return IsAlnum(c) || c == '_'; };
  return !text.empty() && text.size() <= kMaxTag && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// The first part of a name is a registry when it looks like a host; "a/b" is a repository of
// docker.io.
bool LooksLikeRegistry(std::string_view first_part) {
  return first_part.find_first_of(".:[") != std::string_view::npos || first_part == "localhost";
}

bool LooksLikeId(std::string_view path) {
  constexpr std::size_t kIdDigits = 64;
  return path.size() == kIdDigits && std::all_of(path.begin(), path.end(), IsHex);
}

}  // namespace

bool IsDigest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr std::size_t kHexDigits = 64;
  return text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + kHexDigits &&
         std::all_of(text.begin() + kAlgorithm.size(), text.end(), IsHex);
}

std::string Reference::ToString() const {
  std::string out = StrCat(registry, "/", repository);
  if (!tag.empty()) out += StrCat(":", tag);
  if (!digest.empty()) out += StrCat("@", digest);
  return out;
}

std::string Reference::Familiar() const {
  std::string text = ToString();
  if (registry != kDefaultRegistry) return text;
  const std::string_view path = repository;
  const bool official =
      path.starts_with(kOfficial) && path.find('/', kOfficial.size()) == std::string_view::npos;
  const std::string_view kept = official ? path.substr(kOfficial.size()) : path;
  // What would then be read as something else stays in full.
  if (LooksLikeId(kept) || (!official && LooksLikeRegistry(kept.substr(0, kept.find('/')))))
    return text;
  return text.substr(kDefaultRegistry.size() + 1 + (official ? kOfficial.size() : 0));
}

Result<Reference> ParseReference(std::string_view text) {
  if (text.empty()) return Error(Code::kInvalidSpec, "image reference is empty");
  Reference out;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    out.digest = rest.substr(at + 1);
    if (!IsDigest(out.digest)) return Bad(text, "the digest is not sha256: and 64 hex digits");
    rest = rest.substr(0, at);
  }
  const auto colon = rest.rfind(':');
  const auto last_slash = rest.rfind('/');
  if (colon != std::string_view::npos &&
      (last_slash == std::string_view::npos || colon > last_slash)) {
    out.tag = rest.substr(colon + 1);
    if (!IsTag(out.tag)) return Bad(text, "the tag is malformed");
    rest = rest.substr(0, colon);
  }
  const auto slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  const bool has_registry = slash != std::string_view::npos && LooksLikeRegistry(first);
  out.registry = has_registry ? first : kDefaultRegistry;
  if (out.registry == "index.docker.io") out.registry = kDefaultRegistry;
  if (!IsRegistry(out.registry)) return Bad(text, "the registry is not a host name");
  if (has_registry) rest = rest.substr(slash + 1);
  for (const std::string_view part : Split(rest, '/'))
    if (!IsComponent(part))
      return Bad(text,
                 "the repository must be of lower-case letters, digits and . _ - between them");
  if (LooksLikeId(rest)) return Bad(text, "64 hex digits are an image id, not a name");
  if (out.registry == kDefaultRegistry && rest.find('/') == std::string_view::npos)
    out.repository = kOfficial;
  out.repository += rest;
  if (out.registry.size() + 1 + out.repository.size() > kMaxName)
    return Bad(text, "the name is longer than 255 characters");
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

}  // namespace caisson::image
