// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/reader.h"

// Every Decode has external linkage: Reader's templates find it by its argument's namespace.
namespace caisson::pod_spec {

void Decode(const Reader& from, KeyToPath& out) {
  from.Get("key", out.key);
  from.Get("path", out.path);
  from.Get("mode", out.mode);
}

void Decode(const Reader& from, EmptyDirVolume& out) {
  from.Get("medium", out.medium);
  from.Get("sizeLimit", out.size_limit);
}

void Decode(const Reader& from, HostPathVolume& out) {
  from.Get("path", out.path);
  from.Get("type", out.type);
}

void Decode(const Reader& from, ConfigMapVolume& out) {
  from.Get("name", out.name);
  from.Get("items", out.items);
  from.Get("defaultMode", out.default_mode);
  from.Get("optional", out.optional);
}

void Decode(const Reader& from, SecretVolume& out) {
  from.Get("secretName", out.secret_name);
  from.Get("items", out.items);
  from.Get("defaultMode", out.default_mode);
  from.Get("optional", out.optional);
}

void Decode(const Reader& from, DownwardApiItem& out) {
  from.Get("path", out.path);
  from.Get("fieldRef", out.field_ref);
  from.Get("resourceFieldRef", out.resource_field_ref);
  from.Get("mode", out.mode);
}

void Decode(const Reader& from, DownwardApiVolume& out) {
  from.Get("items", out.items);
  from.Get("defaultMode", out.default_mode);
}

void Decode(const Reader& from, ServiceAccountTokenProjection& out) {
  from.Get("audience", out.audience);
  from.Get("expirationSeconds", out.expiration_seconds);
  from.Get("path", out.path);
}

void Decode(const Reader& from, ProjectedSource& out) {
  if (const Reader config_map = from.Field("configMap"); config_map.present()) {
    Decode(config_map, out.source.emplace<ConfigMapVolume>());
  } else if (const Reader secret = from.Field("secret"); secret.present()) {
    SecretVolume& volume = out.source.emplace<SecretVolume>();
    Decode(secret, volume);
    secret.Get("name", volume.secret_name);  // projections say name where volumes say secretName
  } else if (const Reader downward = from.Field("downwardAPI"); downward.present()) {
    Decode(downward, out.source.emplace<DownwardApiVolume>());
  } else if (const Reader token = from.Field("serviceAccountToken"); token.present()) {
    Decode(token, out.source.emplace<ServiceAccountTokenProjection>());
  }
}

void Decode(const Reader& from, ProjectedVolume& out) {
  from.Get("sources", out.sources);
  from.Get("defaultMode", out.default_mode);
}

namespace {

template <class T>
bool TryDecode(const Reader& from, std::string_view field, Volume& out) {
  const Reader source = from.Field(field);
  if (!source.present()) return false;
  Decode(source, out.source.emplace<T>());
  return true;
}

}  // namespace

void Decode(const Reader& from, Volume& out) {
  from.Get("name", out.name);
  const bool known = TryDecode<EmptyDirVolume>(from, "emptyDir", out) ||
                     TryDecode<HostPathVolume>(from, "hostPath", out) ||
                     TryDecode<ConfigMapVolume>(from, "configMap", out) ||
                     TryDecode<SecretVolume>(from, "secret", out) ||
                     TryDecode<DownwardApiVolume>(from, "downwardAPI", out) ||
                     TryDecode<ProjectedVolume>(from, "projected", out);
  if (known) return;
  for (const std::string& field : from.Keys()) {
    if (field != "name") out.source.emplace<UnsupportedVolume>().kind = field;
  }
}

}  // namespace caisson::pod_spec
