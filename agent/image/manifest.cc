// SPDX-License-Identifier: Apache-2.0
#include "agent/image/manifest.h"

#include <algorithm>

#include "agent/image/image_fields.h"
#include "agent/image/reference.h"
#include "runtime/base/strings.h"
#include "runtime/spec/field_writer.h"

namespace caisson::image {
namespace {

using spec::Is;

struct RawManifest {
  std::optional<std::vector<Descriptor>> manifests;
  std::optional<Descriptor> config;
  std::optional<std::vector<Descriptor>> layers;
  std::optional<std::int64_t> schema;
};
struct DockerManifest {
  std::vector<DockerEntry> entries;
};

}  // namespace

template <class V>
void Fields(V& v, Is<Platform> auto& platform) {
  v.Optional("architecture", platform.architecture);
  v.Optional("os", platform.os);
  v.Optional("variant", platform.variant);
}

template <class V>
void Fields(V& v, Is<Descriptor> auto& descriptor) {
  v.Optional("mediaType", descriptor.media_type);
  v.Required("digest", descriptor.digest);
  v.Required("size", descriptor.size);
  v.Optional("platform", descriptor.platform);
  v.Optional("annotations", descriptor.annotations);
}

template <class V>
void Fields(V& v, Is<DockerEntry> auto& entry) {
  v.Required("Config", entry.config);
  v.Optional("RepoTags", entry.repo_tags);
  v.Optional("Layers", entry.layers);
}

namespace {

template <class V>
void Fields(V& v, Is<RawManifest> auto& manifest) {
  v.Optional("schemaVersion", manifest.schema);
  v.Optional("manifests", manifest.manifests);
  v.Optional("config", manifest.config);
  v.Optional("layers", manifest.layers);
}

template <class V>
void Fields(V& v, Is<DockerManifest> auto& manifest) {
  v.Required("manifest.json", manifest.entries);
}

struct RootFs {
  std::string type;
  std::vector<std::string> diff_ids;
};
template <class V>
void Fields(V& v, Is<RootFs> auto& rootfs) {
  v.Optional("type", rootfs.type);
  v.Required("diff_ids", rootfs.diff_ids);
}

struct RawConfig {
  std::string created;
  std::string architecture;
  std::string os;
  ImageConfig config;
  RootFs rootfs;
};
template <class V>
void Fields(V& v, Is<RawConfig> auto& config) {
  v.Optional("created", config.created);
  v.Required("architecture", config.architecture);
  v.Required("os", config.os);
  v.Optional("config", config.config);
  v.Required("rootfs", config.rootfs);
}

Status CheckDescriptor(std::string_view field, const Descriptor& descriptor) {
  if (IsDigest(descriptor.digest)) return Ok();
  return Error(Code::kInvalidSpec, StrCat(field, ".digest: \"", descriptor.digest.substr(0, 100),
                                          "\" is not sha256: and 64 hex digits"));
}

bool Fits(const Platform& offered, const Platform& host) {
  if (offered.os != host.os || offered.architecture != host.architecture) return false;
  return offered.variant.empty() || host.variant.empty() || offered.variant == host.variant;
}

}  // namespace

Platform HostPlatform() {
#if defined(__x86_64__)
  return {"linux", "amd64", ""};
#elif defined(__aarch64__)
  return {"linux", "arm64", "v8"};
#elif defined(__riscv)
  return {"linux", "riscv64", ""};
#else
#error "say what Go's GOARCH calls this architecture"
#endif
}

Result<ManifestDocument> ParseManifest(std::string_view json) {
  CAISSON_ASSIGN(RawManifest raw, spec::ReadJson<RawManifest>(json));
  const bool looks_like_manifest = raw.config || raw.layers;
  if (raw.manifests && looks_like_manifest)
    return Error(Code::kInvalidSpec, "is both an index and a manifest");
  ManifestDocument out;
  if (raw.manifests) {
    out.is_index = true;
    out.manifests = *std::move(raw.manifests);
    for (std::size_t i = 0; i < out.manifests.size(); ++i)
      CAISSON_TRY(CheckDescriptor(StrCat("manifests[", i, "]"), out.manifests[i]));
    return out;
  }
  if (!raw.config || !raw.layers)
    return Error(Code::kInvalidSpec, raw.schema == 1
                                         ? "is of Docker's schema version 1, which nobody writes"
                                         : "is neither an index nor a manifest");
  out.config = *std::move(raw.config);
  out.layers = *std::move(raw.layers);
  CAISSON_TRY(CheckDescriptor("config", out.config));
  for (std::size_t i = 0; i < out.layers.size(); ++i) {
    CAISSON_TRY(CheckDescriptor(StrCat("layers[", i, "]"), out.layers[i]));
    const std::string& type = out.layers[i].media_type;
    const bool is_tar = type.find(".tar") != std::string::npos && !type.ends_with("+encrypted");
    if (!type.empty() && !is_tar)
      return Error(Code::kUnsupported, StrCat("layers[", i, "]: cannot unpack \"", type, "\""));
  }
  return out;
}

std::vector<Descriptor> ImagesOf(const std::vector<Descriptor>& manifests) {
  std::vector<Descriptor> out;
  std::copy_if(manifests.begin(), manifests.end(), std::back_inserter(out),
               [](const Descriptor& descriptor) {
                 return !descriptor.annotations.contains("vnd.docker.reference.type") &&
                        !(descriptor.platform && descriptor.platform->os == "unknown");
               });
  return out;
}

Result<Descriptor> ChoosePlatform(const std::vector<Descriptor>& manifests, const Platform& host) {
  std::vector<std::string> offered;
  const Descriptor* unspecific = nullptr;
  for (const Descriptor& descriptor : manifests) {
    if (!descriptor.platform) {
      unspecific = unspecific != nullptr ? unspecific : &descriptor;
      continue;
    }
    if (Fits(*descriptor.platform, host)) return descriptor;
    offered.push_back(StrCat(descriptor.platform->os, "/", descriptor.platform->architecture));
  }
  if (unspecific != nullptr) return *unspecific;
  return Error(Code::kNotFound, StrCat("no image for ", host.os, "/", host.architecture,
                                       ", only for: ", Join(offered, ", ")));
}

Result<ConfigDocument> ParseImageConfig(std::string_view json) {
  CAISSON_ASSIGN(RawConfig raw, spec::ReadJson<RawConfig>(json));
  for (std::size_t i = 0; i < raw.rootfs.diff_ids.size(); ++i)
    if (!IsDigest(raw.rootfs.diff_ids[i]))
      return Error(Code::kInvalidSpec,
                   StrCat("rootfs.diff_ids[", i, "]: is not sha256: and 64 hex digits"));
  return ConfigDocument{.os = std::move(raw.os),
                        .architecture = std::move(raw.architecture),
                        .created = std::move(raw.created),
                        .config = std::move(raw.config),
                        .diff_ids = std::move(raw.rootfs.diff_ids)};
}

std::string WriteImageConfig(const ConfigDocument& document) {
  RawConfig raw;
  raw.created = document.created;
  raw.architecture = document.architecture;
  raw.os = document.os;
  raw.config = document.config;
  raw.rootfs = {.type = "layers", .diff_ids = document.diff_ids};
  return spec::WriteJson(raw);
}

Result<std::vector<DockerEntry>> ParseDockerManifest(std::string_view json) {
  // The document is a list; it is read as the member of an object.
  CAISSON_ASSIGN(DockerManifest manifest,
                 spec::ReadJson<DockerManifest>(StrCat(R"({"manifest.json":)", json, "}")));
  return std::move(manifest.entries);
}

}  // namespace caisson::image
