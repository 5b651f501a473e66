// SPDX-License-Identifier: Apache-2.0
#include "agent/podctl/resources.h"

#include "agent/podctl/rest_client.h"

namespace caisson::podctl {
namespace {

struct Names {
  ResourceName resource;
  std::string_view short_name;
};
constexpr Names kNames[] = {
    {{"pods", "pod", "Pod", true}, "po"},
    {{"configmaps", "configmap", "ConfigMap", true}, "cm"},
    {{"secrets", "secret", "Secret", true}, "secret"},
    {{"namespaces", "namespace", "Namespace", false}, "ns"},
    {{"nodes", "node", "Node", false}, "no"},
    {{"events", "event", "Event", true}, "ev"},
};

}  // namespace

std::string ResourceName::Path(const std::string& ns, const std::string& name) const {
  std::string path = "/api/v1/";
  if (namespaced && !ns.empty()) path += StrCat("namespaces/", EncodeQuery(ns), "/");
  path += plural;
  if (!name.empty()) path += StrCat("/", EncodeQuery(name));
  return path;
}

Result<ResourceName> FindResource(std::string_view name) {
  for (const Names& names : kNames) {
    const ResourceName& resource = names.resource;
    if (name == resource.plural || name == resource.singular || name == resource.kind ||
        name == names.short_name)
      return resource;
  }
  return Error(Code::kInvalidSpec, StrCat("unknown kind of object \"", name, "\""))
      .Hint("choose one of pods, configmaps, secrets, namespaces, nodes, events");
}

}  // namespace caisson::podctl
