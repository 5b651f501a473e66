// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/environment.h"

#include <algorithm>
#include <optional>

namespace caisson::bundle {
namespace {

using Values = std::map<std::string, std::string>;
using Kind = pod_spec::EnvFromSource::Kind;

constexpr std::string_view kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Puts NAME=value in place of an earlier one, or at the end.
void Put(std::vector<std::string>& list, const std::string& name, std::string_view value) {
  std::string entry = StrCat(name, "=", value);
  const std::string prefix = StrCat(name, "=");
  const auto same = std::find_if(list.begin(), list.end(),
                                 [&](const std::string& old) { return old.starts_with(prefix); });
  if (same != list.end()) {
    *same = std::move(entry);
  } else {
    list.push_back(std::move(entry));
  }
}

std::string_view KindName(Kind kind) { return kind == Kind::kSecret ? "Secret" : "ConfigMap"; }
std::string_view ResourceName(Kind kind) { return kind == Kind::kSecret ? "secret" : "configmap"; }

Error NoSuchObject(Kind kind, const std::string& name) {
  return Error(Code::kInvalidSpec, StrCat(ResourceName(kind), " \"", name, "\" not found"));
}

// Nothing when the variable is to be left out (an optional reference to nothing).
Result<std::optional<std::string>> KeyValue(const BundleRequest& request, Kind kind,
                                            const pod_spec::KeySelector& selector) {
  const auto data = request.lookup ? request.lookup(kind, selector.name) : std::nullopt;
  if (!data) {
    if (selector.optional) return std::optional<std::string>();
    return NoSuchObject(kind, selector.name);
  }
  const auto found = data->find(selector.key);
  if (found != data->end()) return std::optional(found->second);
  if (selector.optional) return std::optional<std::string>();
  return Error(Code::kInvalidSpec,
               StrCat("couldn't find key ", selector.key, " in ", KindName(kind), " ",
                      request.pod.metadata.namespace_, "/", selector.name));
}

Result<std::optional<std::string>> SourceValue(const BundleRequest& request,
                                               const pod_spec::EnvVarSource& source) {
  if (source.field_ref) {
    CAISSON_ASSIGN(std::string value, FieldValue(request, source.field_ref->field_path));
    return std::optional(std::move(value));
  }
  if (source.resource_field_ref) {
    CAISSON_ASSIGN(std::string value, ResourceValue(request, *source.resource_field_ref));
    return std::optional(std::move(value));
  }
  if (source.config_map_key_ref)
    return KeyValue(request, Kind::kConfigMap, *source.config_map_key_ref);
  if (source.secret_key_ref) return KeyValue(request, Kind::kSecret, *source.secret_key_ref);
  return std::optional<std::string>();
}

Status AddEnvFrom(const BundleRequest& request, Values& values) {
  for (const pod_spec::EnvFromSource& source : request.container.env_from) {
    const auto data = request.lookup ? request.lookup(source.kind, source.name) : std::nullopt;
    if (!data && source.optional) continue;
    if (!data) return NoSuchObject(source.kind, source.name);
    for (const auto& [key, value] : *data) values[source.prefix + key] = value;
  }
  return Ok();
}

// KEY of metadata.labels['KEY'], or nothing.
std::optional<std::string> Subscript(std::string_view path, std::string_view map_name) {
  if (!path.starts_with(map_name)) return std::nullopt;
  path.remove_prefix(map_name.size());
  if (path.size() < 5 || !path.starts_with("['") || !path.ends_with("']")) return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

// The container itself when no name is given; nullptr for a name that the pod has not.
const pod_spec::Container* SelectedContainer(const BundleRequest& request,
                                             const std::string& name) {
  if (name.empty()) return &request.container;
  for (const auto* list : {&request.pod.spec.containers, &request.pod.spec.init_containers}) {
    for (const pod_spec::Container& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

// What a limit that is not set stands for. Units: milli-CPUs, bytes.
std::int64_t NodeCapacity(const PodFacts& facts, const std::string& resource) {
  if (resource == "cpu") return facts.node_cpu_milli;
  return resource == "memory" ? facts.node_memory_bytes : 0;
}

std::string ValueOrEmpty(const Values& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

}  // namespace

std::string Expand(std::string_view text, const Values& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out.push_back('$');
      text.remove_prefix(1);
      continue;
    }
    const std::size_t close = text.starts_with('(') ? text.find(')') : std::string_view::npos;
    if (close == std::string_view::npos) {
      out.push_back('$');
      continue;
    }
    const auto found = values.find(std::string(text.substr(1, close - 1)));
    if (found != values.end()) {
      out.append(found->second);
    } else {
      out.append("$").append(text.substr(0, close + 1));
    }
    text.remove_prefix(close + 1);
  }
  return out;
}

Result<Environment> MakeEnvironment(const BundleRequest& request) {
  Environment made;
  CAISSON_TRY(AddEnvFrom(request, made.values));
  for (const pod_spec::EnvVar& variable : request.container.env) {
    if (!variable.value_from) {
      made.values[variable.name] = Expand(variable.value, made.values);
      continue;
    }
    CAISSON_ASSIGN(std::optional<std::string> value, SourceValue(request, *variable.value_from));
    if (value) made.values[variable.name] = std::move(*value);
  }
  made.list.emplace_back(kDefaultPath);
  Put(made.list, "HOSTNAME", request.facts.hostname);
  for (const std::string& entry : request.image.env) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    Put(made.list, entry.substr(0, equals), std::string_view(entry).substr(equals + 1));
  }
  for (const auto& [name, value] : made.values) Put(made.list, name, value);
  return made;
}

Result<std::string> FieldValue(const BundleRequest& request, const std::string& path) {
  const pod_spec::ObjectMeta& meta = request.pod.metadata;
  const pod_spec::PodSpec& spec = request.pod.spec;
  if (path == "metadata.name") return meta.name;
  if (path == "metadata.namespace") return meta.namespace_;
  if (path == "metadata.uid") return meta.uid;
  if (path == "spec.nodeName") return spec.node_name;
  if (path == "spec.serviceAccountName") return spec.service_account_name;
  const auto& pod_ips = spec.host_network ? request.facts.host_ips : request.facts.pod_ips;
  const auto first = [](const std::vector<std::string>& list) {
    return list.empty() ? std::string() : list.front();
  };
  if (path == "status.podIP") return first(pod_ips);
  if (path == "status.podIPs") return Join(pod_ips, ",");
  if (path == "status.hostIP") return first(request.facts.host_ips);
  if (path == "status.hostIPs") return Join(request.facts.host_ips, ",");
  if (const auto key = Subscript(path, "metadata.labels")) return ValueOrEmpty(meta.labels, *key);
  if (const auto key = Subscript(path, "metadata.annotations"))
    return ValueOrEmpty(meta.annotations, *key);
  return Error(Code::kInvalidSpec, StrCat("unsupported fieldPath: ", path));
}

Result<std::string> ResourceValue(const BundleRequest& request,
                                  const pod_spec::ResourceFieldSelector& selector) {
  const pod_spec::Container* const container = SelectedContainer(request, selector.container_name);
  const std::size_t dot = selector.resource.find('.');
  const std::string kind = selector.resource.substr(0, dot);
  if (container == nullptr || dot == std::string::npos || (kind != "limits" && kind != "requests"))
    return Error(Code::kInvalidSpec, StrCat("unsupported container resource: ", selector.resource));
  const std::string name = selector.resource.substr(dot + 1);
  const bool is_limit = kind == "limits";
  const auto& list = is_limit ? container->resources.limits : container->resources.requests;
  const auto found = list.find(name);
  // CPUs are counted in milli-CPUs, everything else in whole units; the default divisor is 1.
  const bool is_cpu = name == "cpu";
  const auto amount_of = [&](const pod_spec::Quantity& quantity) {
    return is_cpu ? quantity.ToMilli() : quantity.ToWhole();
  };
  std::int64_t amount = is_limit ? NodeCapacity(request.facts, name) : 0;
  if (found != list.end()) amount = amount_of(found->second);
  std::int64_t divisor = is_cpu ? 1000 : 1;
  if (selector.divisor && !selector.divisor->is_zero()) divisor = amount_of(*selector.divisor);
  divisor = std::max<std::int64_t>(divisor, 1);
  return StrCat(amount / divisor + (amount % divisor != 0 ? 1 : 0));
}

Result<std::vector<std::string>> MakeArguments(const BundleRequest& request, const Values& values) {
  const pod_spec::Container& container = request.container;
  std::vector<std::string> words;
  const auto add_expanded = [&](const std::vector<std::string>& list) {
    for (const std::string& word : list) words.push_back(Expand(word, values));
  };
  if (container.command.empty()) {
    words = request.image.entrypoint;
    if (container.args.empty()) {
      words.insert(words.end(), request.image.cmd.begin(), request.image.cmd.end());
    }
  } else {
    add_expanded(container.command);
  }
  add_expanded(container.args);
  if (words.empty())
    return Error(Code::kInvalidSpec, "no command specified")
        .Hint("set command, or use an image with an entrypoint");
  return words;
}

}  // namespace caisson::bundle
