// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/pod_spec/container.h"

namespace caisson::pod_spec {

// Source: k8s.io/api/core/v1, types.go, VolumeSource.

struct KeyToPath {
  std::string key;
  std::string path;
  std::optional<std::int32_t> mode;
};
struct EmptyDirVolume {
  std::string medium;  // "" or Memory (or HugePages-*)
  std::optional<Quantity> size_limit;
};
struct HostPathVolume {
  std::string path;
  // "", DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice, BlockDevice
  std::string type;
};
// A ConfigMap or Secret as files; no items means all keys.
struct ConfigMapVolume {
  std::string name;
  std::vector<KeyToPath> items;
  std::int32_t default_mode = 0644;
  bool optional = false;
};
struct SecretVolume {
  std::string secret_name;
  std::vector<KeyToPath> items;
  std::int32_t default_mode = 0644;
  bool optional = false;
};
struct DownwardApiItem {
  std::string path;
  std::optional<ObjectFieldSelector> field_ref;
  std::optional<ResourceFieldSelector> resource_field_ref;
  std::optional<std::int32_t> mode;
};
struct DownwardApiVolume {
  std::vector<DownwardApiItem> items;
  std::int32_t default_mode = 0644;
};
struct ServiceAccountTokenProjection {
  std::string audience;
  std::int64_t expiration_seconds = 3600;
  std::string path;
};
struct ProjectedSource {
  std::variant<ConfigMapVolume, SecretVolume, DownwardApiVolume, ServiceAccountTokenProjection>
      source;
};
struct ProjectedVolume {
  std::vector<ProjectedSource> sources;
  std::int32_t default_mode = 0644;
};
// A kind that Kubernetes has and this agent does not mount; `kind` is its field name.
struct UnsupportedVolume {
  std::string kind;
};

struct Volume {
  std::string name;
  std::variant<EmptyDirVolume, HostPathVolume, ConfigMapVolume, SecretVolume, DownwardApiVolume,
               ProjectedVolume, UnsupportedVolume>
      source;
};

}  // namespace caisson::pod_spec
