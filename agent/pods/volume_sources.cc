// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/volume_sources.h"

#include <nlohmann/json.hpp>

#include "agent/bundle/environment.h"
#include "agent/pod_spec/base64.h"

namespace caisson::pods {
namespace {

using Kind = pod_spec::EnvFromSource::Kind;
using Data = std::map<std::string, std::string>;

volume::HostPathType HostPathTypeOf(const std::string& type) {
  using volume::HostPathType;
  if (type == "DirectoryOrCreate") return HostPathType::kDirectoryOrCreate;
  if (type == "Directory") return HostPathType::kDirectory;
  if (type == "FileOrCreate") return HostPathType::kFileOrCreate;
  if (type == "File") return HostPathType::kFile;
  if (type == "Socket") return HostPathType::kSocket;
  if (type == "CharDevice") return HostPathType::kCharDevice;
  if (type == "BlockDevice") return HostPathType::kBlockDevice;
  return HostPathType::kUnset;
}

Status AddKeys(const Data& data, const std::vector<pod_spec::KeyToPath>& items, mode_t mode,
               bool optional, volume::Files& files) {
  if (items.empty()) {
    for (const auto& [key, value] : data) files.files.push_back({key, value, mode});
    return Ok();
  }
  for (const pod_spec::KeyToPath& item : items) {
    const auto found = data.find(item.key);
    if (found == data.end() && optional) continue;
    if (found == data.end())
      return Error(Code::kInvalidSpec, StrCat("references non-existent config key: ", item.key));
    const mode_t own = item.mode ? static_cast<mode_t>(*item.mode) : mode;
    files.files.push_back({item.path, found->second, own});
  }
  return Ok();
}

// One pod's view on what its volumes refer to.
class FilesMaker {
 public:
  FilesMaker(const pod_spec::Pod& pod, const bundle::PodFacts& facts,
             const bundle::DataLookup& lookup)
      : pod_(pod), facts_(facts), lookup_(lookup) {}

  Status Add(const pod_spec::ConfigMapVolume& volume, mode_t mode, volume::Files& files) const {
    return AddObject(Kind::kConfigMap, volume.name, volume.items, volume.optional, mode, files);
  }
  Status Add(const pod_spec::SecretVolume& volume, mode_t mode, volume::Files& files) const {
    files.secret = true;
    return AddObject(Kind::kSecret, volume.secret_name, volume.items, volume.optional, mode, files);
  }
  Status Add(const pod_spec::DownwardApiVolume& volume, mode_t mode, volume::Files& files) const {
    for (const pod_spec::DownwardApiItem& item : volume.items) {
      const mode_t own = item.mode ? static_cast<mode_t>(*item.mode) : mode;
      CAISSON_ASSIGN(std::string value, Value(item));
      files.files.push_back({item.path, std::move(value), own});
    }
    return Ok();
  }
  Status Add(const pod_spec::ServiceAccountTokenProjection&, mode_t, volume::Files&) const {
    return Error(Code::kUnsupported, "service account tokens are not issued by this agent");
  }

 private:
  Status AddObject(Kind kind, const std::string& name,
                   const std::vector<pod_spec::KeyToPath>& items, bool optional, mode_t mode,
                   volume::Files& files) const {
    const auto data = lookup_(kind, name);
    if (!data && optional) return Ok();
    if (!data)
      return Error(Code::kInvalidSpec, StrCat(kind == Kind::kSecret ? "secret" : "configmap", " \"",
                                              name, "\" not found"));
    return AddKeys(*data, items, mode, optional, files);
  }

  Result<std::string> Value(const pod_spec::DownwardApiItem& item) const {
    const bundle::BundleRequest request{.pod = pod_,
                                        .container = pod_.spec.containers.front(),
                                        .container_id = {},
                                        .image = {},
                                        .facts = facts_,
                                        .files = {},
                                        .volumes = {},
                                        .user = {},
                                        .lookup = lookup_,
                                        .localhost_seccomp = {}};
    if (item.resource_field_ref) return bundle::ResourceValue(request, *item.resource_field_ref);
    const std::string path = item.field_ref ? item.field_ref->field_path : std::string();
    // A volume may hold whole maps, one `key="value"` a line.
    const auto& meta = pod_.metadata;
    if (path == "metadata.labels") return Lines(meta.labels);
    if (path == "metadata.annotations") return Lines(meta.annotations);
    return bundle::FieldValue(request, path);
  }

  static std::string Lines(const pod_spec::StringMap& map) {
    std::string text;
    for (const auto& [key, value] : map)
      text += StrCat(key, "=", nlohmann::json(value).dump(), "\n");
    return text;
  }

  const pod_spec::Pod& pod_;
  const bundle::PodFacts& facts_;
  const bundle::DataLookup& lookup_;
};

mode_t ToMode(std::int32_t mode) { return static_cast<mode_t>(mode); }

}  // namespace

bundle::DataLookup LookupIn(const store::Store& store, const std::string& ns) {
  return [&store, ns](Kind kind, const std::string& name) -> std::optional<Data> {
    const auto object_kind = kind == Kind::kSecret ? store::Kind::kSecret : store::Kind::kConfigMap;
    const auto object = store.Get({object_kind, ns, name});
    if (!object) return std::nullopt;
    Data data;
    const nlohmann::json& document = *object->document;
    const auto take = [&](const char* field, bool encoded) {
      const auto map = document.find(field);
      if (map == document.end() || !map->is_object()) return;
      for (const auto& [key, value] : map->items()) {
        if (!value.is_string()) continue;
        const std::string& text = value.get_ref<const std::string&>();
        data[key] = encoded ? pod_spec::DecodeBase64(text).value_or(std::string()) : text;
      }
    };
    take("data", kind == Kind::kSecret);
    if (kind == Kind::kConfigMap) take("binaryData", true);
    return data;
  };
}

Result<volume::Source> MakeVolumeSource(const pod_spec::Pod& pod, const pod_spec::Volume& volume,
                                        const bundle::PodFacts& facts,
                                        const bundle::DataLookup& lookup) {
  const FilesMaker maker(pod, facts, lookup);
  volume::Files files;
  if (const auto* empty = std::get_if<pod_spec::EmptyDirVolume>(&volume.source)) {
    volume::EmptyDir source{.memory = empty->medium == "Memory"};
    if (empty->size_limit)
      source.size_limit_bytes = static_cast<std::uint64_t>(empty->size_limit->ToWhole());
    return volume::Source(source);
  }
  if (const auto* host = std::get_if<pod_spec::HostPathVolume>(&volume.source))
    return volume::Source(volume::HostPath{host->path, HostPathTypeOf(host->type)});
  if (const auto* map = std::get_if<pod_spec::ConfigMapVolume>(&volume.source)) {
    CAISSON_TRY(maker.Add(*map, ToMode(map->default_mode), files));
  } else if (const auto* secret = std::get_if<pod_spec::SecretVolume>(&volume.source)) {
    CAISSON_TRY(maker.Add(*secret, ToMode(secret->default_mode), files));
  } else if (const auto* downward = std::get_if<pod_spec::DownwardApiVolume>(&volume.source)) {
    CAISSON_TRY(maker.Add(*downward, ToMode(downward->default_mode), files));
  } else if (const auto* projected = std::get_if<pod_spec::ProjectedVolume>(&volume.source)) {
    for (const pod_spec::ProjectedSource& part : projected->sources) {
      CAISSON_TRY(std::visit(
          [&](const auto& source) {
            return maker.Add(source, ToMode(projected->default_mode), files);
          },
          part.source));
    }
  } else {
    const auto& unsupported = std::get<pod_spec::UnsupportedVolume>(volume.source);
    return Error(Code::kUnsupported,
                 StrCat("volumes of kind ", unsupported.kind, " are not mounted by this agent"));
  }
  return volume::Source(std::move(files));
}

}  // namespace caisson::pods
