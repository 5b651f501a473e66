// SPDX-License-Identifier: Apache-2.0
#include "agent/image/source.h"

#include <sys/stat.h>

#include "agent/image/digest.h"
#include "agent/image/reference.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

constexpr std::size_t kMaxDocument = std::size_t{4} << 20;
constexpr int kMaxIndexDepth = 4;

Result<std::string> ReadDocument(FdView root, const std::string& path) {
  CAISSON_ASSIGN(const UniqueFd file, OpenSourceFile(root, path));
  return ReadFd(file, path, kMaxDocument);
}

std::string BlobPath(std::string_view digest) { return StrCat("blobs/sha256/", HexOf(digest)); }

Result<std::string> ReadBlob(FdView root, const Descriptor& descriptor) {
  CAISSON_ASSIGN(std::string bytes, ReadDocument(root, BlobPath(descriptor.digest)));
  if (bytes.size() != descriptor.size)
    return Error(Code::kInvalidSpec, StrCat(descriptor.digest, ": has ", bytes.size(),
                                            " bytes instead of ", descriptor.size));
  if (const std::string is = Sha256Of(bytes); is != descriptor.digest)
    return Error(Code::kInvalidSpec, StrCat(descriptor.digest, ": its contents have ", is));
  return bytes;
}

// containerd gives the full name; the other annotation is often a tag alone, which names nothing.
std::vector<std::string> NamesOf(const Descriptor& descriptor) {
  for (const char* const key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
    const auto name = descriptor.annotations.find(key);
    if (name != descriptor.annotations.end() &&
        name->second.find_first_of("/:") != std::string::npos)
      return {name->second};
  }
  return {};
}

Status CheckLayerCount(const SourceImage& image) {
  if (image.layers.size() == image.config.diff_ids.size() && !image.layers.empty()) return Ok();
  return Error(Code::kInvalidSpec, StrCat("has ", image.layers.size(), " layers and ",
                                          image.config.diff_ids.size(), " diff_ids"));
}

// Follows indexes down to the manifest for this platform.
Result<SourceImage> ReadOciImage(FdView root, Descriptor descriptor, const Platform& host) {
  SourceImage out;
  ManifestDocument document;
  for (int depth = 0;; ++depth) {
    if (depth == kMaxIndexDepth)
      return Error(Code::kInvalidSpec, "indexes are nested deeper than 4 levels");
    CAISSON_ASSIGN(out.manifest_json, ReadBlob(root, descriptor));
    CAISSON_ASSIGN(document, ParseManifest(out.manifest_json), descriptor.digest);
    if (!document.is_index) break;
    CAISSON_ASSIGN(descriptor, ChoosePlatform(ImagesOf(document.manifests), host));
  }
  out.manifest_digest = descriptor.digest;
  CAISSON_ASSIGN(out.config_json, ReadBlob(root, document.config));
  out.config_digest = document.config.digest;
  CAISSON_ASSIGN(out.config, ParseImageConfig(out.config_json), "config ", out.config_digest);
  for (const Descriptor& layer : document.layers)
    out.layers.push_back({.path = BlobPath(layer.digest), .digest = layer.digest});
  CAISSON_TRY(CheckLayerCount(out), descriptor.digest);
  return out;
}

Result<std::vector<SourceImage>> ReadOciLayout(FdView root, const Platform& host) {
  CAISSON_ASSIGN(const std::string json, ReadDocument(root, "index.json"));
  CAISSON_ASSIGN(const ManifestDocument index, ParseManifest(json), "index.json");
  if (!index.is_index) return Error(Code::kInvalidSpec, "index.json: is not an index");
  std::vector<Descriptor> tops = ImagesOf(index.manifests);
  if (tops.empty()) return Error(Code::kInvalidSpec, "index.json: has no image");
  bool named = false;
  for (const Descriptor& top : tops) named = named || !NamesOf(top).empty();
  if (tops.size() > 1 && !named) {
    // One image for several platforms, laid out without an index of its own.
    CAISSON_ASSIGN(Descriptor chosen, ChoosePlatform(tops, host));
    tops = {std::move(chosen)};
  }
  std::vector<SourceImage> out;
  for (const Descriptor& top : tops) {
    CAISSON_ASSIGN(SourceImage image, ReadOciImage(root, top, host));
    image.names = NamesOf(top);
    out.push_back(std::move(image));
  }
  return out;
}

Result<std::vector<SourceImage>> ReadDockerArchive(FdView root) {
  CAISSON_ASSIGN(const std::string json, ReadDocument(root, "manifest.json"));
  CAISSON_ASSIGN(const std::vector<DockerEntry> entries, ParseDockerManifest(json));
  std::vector<SourceImage> out;
  for (const DockerEntry& entry : entries) {
    SourceImage image;
    CAISSON_ASSIGN(image.config_json, ReadDocument(root, entry.config));
    image.config_digest = Sha256Of(image.config_json);
    CAISSON_ASSIGN(image.config, ParseImageConfig(image.config_json), entry.config);
    image.names = entry.repo_tags;
    for (const std::string& layer : entry.layers) image.layers.push_back({.path = layer});
    CAISSON_TRY(CheckLayerCount(image), entry.config);
    out.push_back(std::move(image));
  }
  if (out.empty()) return Error(Code::kInvalidSpec, "manifest.json: has no image");
  return out;
}

bool Exists(FdView root, const std::string& path) {
  return OpenInRoot(root, path, O_PATH).has_value();
}

}  // namespace

Result<UniqueFd> OpenSourceFile(FdView root, const std::string& path) {
  CAISSON_ASSIGN(UniqueFd file, OpenInRoot(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (::fstat(file.get(), &info) < 0) return SysError("fstat", path);
  if (!S_ISREG(info.st_mode))
    return Error(Code::kInvalidSpec, StrCat("\"", path, "\" is not a regular file"));
  return file;
}

Result<std::vector<SourceImage>> ReadSource(FdView root, const Platform& host) {
  if (Exists(root, "oci-layout") && Exists(root, "index.json")) return ReadOciLayout(root, host);
  if (Exists(root, "manifest.json")) return ReadDockerArchive(root);
  return Error(Code::kInvalidSpec, "is neither an OCI layout nor a docker archive")
      .Hint("an OCI layout has oci-layout and index.json, a docker archive has manifest.json");
}

}  // namespace caisson::image
