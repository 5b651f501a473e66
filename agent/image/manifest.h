// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/image.h"
#include "runtime/base/error.h"

namespace caisson::image {

// The documents of an image, OCI's and Docker's alike. Source: image-spec, descriptor.md,
// image-index.md, manifest.md, config.md; Docker's image manifest version 2, schema 2.

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
};
// What this program was built for: "linux", and "amd64" or "arm64".
Platform HostPlatform();

struct Descriptor {
  std::string media_type;
  std::string digest;  // checked: IsDigest
  std::uint64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string, std::less<>> annotations;
};

// Either an index (`manifests`) or a manifest (`config` and `layers`); one that could be read as
// both is refused (CVE-2021-41190).
struct ManifestDocument {
  bool is_index = false;
  std::vector<Descriptor> manifests;
  Descriptor config;
  std::vector<Descriptor> layers;
};
Result<ManifestDocument> ParseManifest(std::string_view json);

// The entries that are images: without attestations and other artifacts.
std::vector<Descriptor> ImagesOf(const std::vector<Descriptor>& manifests);

// The entry for `host`. One that does not say its platform fits any.
// Errors: kNotFound naming what there is.
Result<Descriptor> ChoosePlatform(const std::vector<Descriptor>& manifests, const Platform& host);

struct ConfigDocument {
  std::string os;
  std::string architecture;
  std::string created;
  ImageConfig config;
  std::vector<std::string> diff_ids;  // checked: IsDigest
};
Result<ConfigDocument> ParseImageConfig(std::string_view json);
std::string WriteImageConfig(const ConfigDocument& document);

// manifest.json of `docker save`.
struct DockerEntry {
  std::string config;  // a path in the archive
  std::vector<std::string> repo_tags;
  std::vector<std::string> layers;
};
Result<std::vector<DockerEntry>> ParseDockerManifest(std::string_view json);

}  // namespace caisson::image
