// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "runtime/spec/checks.h"

namespace caisson::spec {
namespace {

// "1.2.0", "1.0.2-dev", "1.3.0+dev": the same major version means compatible.
// Source: runtime-spec 1.3, config.md, specification version.
Status CheckVersion(std::string_view version, Warnings& warnings) {
  const std::string_view core = version.substr(0, version.find_first_of("-+"));
  const auto parts = Split(core, '.');
  std::array<std::optional<std::uint32_t>, 3> numbers;
  if (parts.size() == numbers.size())
    std::transform(parts.begin(), parts.end(), numbers.begin(), ParseInt<std::uint32_t>);
  if (!numbers[0] || !numbers[1] || !numbers[2])
    return Invalid("ociVersion: \"", version, "\" is not a semantic version");
  if (*numbers[0] != 1)
    return Invalid("ociVersion: \"", version, "\" is not supported, only 1.x up to ", kOciVersion);
  if (*numbers[1] > 3)
    warnings.push_back(StrCat("ociVersion: \"", version, "\" is newer than ", kOciVersion,
                              ", fields that came later are ignored"));
  return Ok();
}

bool Has(const std::vector<std::string>& options, std::string_view name) {
  return std::find(options.begin(), options.end(), name) != options.end();
}

}  // namespace

Status CheckOneOf(std::string_view field, std::string_view value,
                  std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return Ok();
  std::vector<std::string> names;
  for (const std::string_view name : known)
    if (!name.empty()) names.emplace_back(name);
  return Invalid(field, ": \"", value, "\" is not one of ", Join(names, ", "));
}

Status CheckMappings(std::string_view field, const std::vector<IdMapping>& mappings) {
  constexpr std::size_t kMaxMappings = 340;  // UID_GID_MAP_MAX_EXTENTS of the kernel
  if (mappings.size() > kMaxMappings)
    return Invalid(field, ": has more than ", kMaxMappings, " entries");
  constexpr std::uint64_t kIds = std::uint64_t{1} << 32;
  const auto overlap = [](std::uint64_t a, std::uint64_t a_size, std::uint64_t b,
                          std::uint64_t b_size) { return a < b + b_size && b < a + a_size; };
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& one = mappings[i];
    if (one.size == 0) return Invalid(field, "[", i, "].size: is 0");
    if (std::uint64_t{one.container_id} + one.size > kIds ||
        std::uint64_t{one.host_id} + one.size > kIds)
      return Invalid(field, "[", i, "]: reaches beyond the last id 4294967295");
    for (std::size_t j = 0; j < i; ++j) {
      const IdMapping& other = mappings[j];
      if (overlap(one.container_id, one.size, other.container_id, other.size) ||
          overlap(one.host_id, one.size, other.host_id, other.size))
        return Invalid(field, "[", i, "]: overlaps with entry ", j);
    }
  }
  return Ok();
}

Status ValidateMounts(const Config& config, Warnings& warnings) {
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    const Mount& mount = config.mounts[i];
    const std::string field = StrCat("mounts[", i, "]");
    if (mount.destination.empty()) return Invalid(field, ".destination: is empty");
    if (mount.destination[0] != '/')
      warnings.push_back(
          StrCat(field, ".destination: \"", mount.destination, "\" is relative, taken from \"/\""));
    const bool bind = Has(mount.options, "bind") || Has(mount.options, "rbind");
    if ((bind || mount.type == "bind") && mount.source.empty())
      return Invalid(field, ".source: a bind mount needs one");
    if (mount.uid_mappings.empty() != mount.gid_mappings.empty())
      return Invalid(field, ": uidMappings and gidMappings go together");
    CAISSON_TRY(CheckMappings(StrCat(field, ".uidMappings"), mount.uid_mappings));
    CAISSON_TRY(CheckMappings(StrCat(field, ".gidMappings"), mount.gid_mappings));
    const bool idmap = Has(mount.options, "idmap") || Has(mount.options, "ridmap");
    if (idmap && mount.uid_mappings.empty() &&
        config.linux.FindNamespace(NamespaceType::kUser) == nullptr)
      return Invalid(field, ".options: idmap needs uidMappings or a user namespace");
  }
  return Ok();
}

Status ValidateHooks(const Hooks& hooks) {
  const auto check = [](std::string_view name, const std::vector<Hook>& list) -> Status {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].path.starts_with('/'))
        return Invalid("hooks.", name, "[", i, "].path: \"", list[i].path,
                       "\" is not an absolute path");
      if (list[i].timeout_s.value_or(1) <= 0)
        return Invalid("hooks.", name, "[", i, "].timeout: ", *list[i].timeout_s,
                       " is not above 0");
    }
    return Ok();
  };
  CAISSON_TRY(check("prestart", hooks.prestart));
  CAISSON_TRY(check("createRuntime", hooks.create_runtime));
  CAISSON_TRY(check("createContainer", hooks.create_container));
  CAISSON_TRY(check("startContainer", hooks.start_container));
  CAISSON_TRY(check("poststart", hooks.poststart));
  return check("poststop", hooks.poststop);
}

Status Validate(const Config& config, std::vector<std::string>* warnings) {
  Warnings own;
  Warnings& sink = warnings != nullptr ? *warnings : own;
  CAISSON_TRY(CheckVersion(config.oci_version, sink));
  if (!config.root) return Invalid("root: is required");
  if (config.root->path.empty()) return Invalid("root.path: is empty");
  if (config.process) CAISSON_TRY(ValidateProcess(*config.process));
  CAISSON_TRY(ValidateMounts(config, sink));
  CAISSON_TRY(ValidateHooks(config.hooks));
  if (config.annotations.contains("")) return Invalid("annotations: a key is empty");
  CAISSON_TRY(ValidateNamespaces(config, sink));
  CAISSON_TRY(ValidateSysctls(config));
  return ValidateLinux(config.linux, sink);
}

}  // namespace caisson::spec
