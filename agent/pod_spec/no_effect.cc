// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/no_effect.h"

#include <nlohmann/json.hpp>

#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

class Finder {
 public:
  // Tells of a field that is there and neither false nor empty.
  void Look(const json& object, const std::string& path, const char* field, const char* meaning) {
    const auto value = object.find(field);
    if (value == object.end() || *value == false || value->empty()) return;
    found_.push_back(StrCat(path, ".", field, ": has no effect here: ", meaning));
  }
  std::vector<std::string> Take() && { return std::move(found_); }

 private:
  std::vector<std::string> found_;
};

void LookAtSecurity(const json& owner, const std::string& path, Finder& finder) {
  const auto context = owner.find("securityContext");
  if (context == owner.end()) return;
  const std::string here = StrCat(path, ".securityContext");
  finder.Look(*context, here, "seLinuxOptions", "containers get no SELinux label");
  if (context->value("/appArmorProfile/type"_json_pointer, "") == "RuntimeDefault")
    finder.Look(*context, here, "appArmorProfile", "there is no default AppArmor profile");
}

void LookAtContainer(const json& container, const std::string& path, Finder& finder) {
  for (const char* const probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    finder.Look(container, path, probe, "probes are not run");
  if (const auto lifecycle = container.find("lifecycle"); lifecycle != container.end()) {
    for (const char* const hook : {"postStart", "preStop"})
      finder.Look(*lifecycle, StrCat(path, ".lifecycle"), hook, "lifecycle hooks are not run");
  }
  finder.Look(container, path, "stdin", "containers read nothing from their standard input");
  finder.Look(container, path, "volumeDevices", "there are no block volumes");
  LookAtSecurity(container, path, finder);
}

}  // namespace

std::vector<std::string> FieldsWithoutEffect(const json& pod) {
  Finder finder;
  const json& spec = pod.at("spec");
  for (const char* const list : {"initContainers", "containers"}) {
    const auto containers = spec.find(list);
    if (containers == spec.end()) continue;
    for (std::size_t i = 0; i < containers->size(); ++i)
      LookAtContainer((*containers)[i], StrCat("spec.", list, "[", i, "]"), finder);
  }
  LookAtSecurity(spec, "spec", finder);
  finder.Look(spec, "spec", "activeDeadlineSeconds", "pods run without a deadline");
  finder.Look(spec, "spec", "imagePullSecrets", "images are imported, not pulled");
  finder.Look(spec, "spec", "readinessGates", "no condition but the containers' is waited for");
  return std::move(finder).Take();
}

void RefuseUnkeptPromises(const json& pod, FieldErrors& errors) {
  if (!pod.at("spec").value("hostUsers", true))
    errors.Forbidden("spec.hostUsers", "this agent gives pods no user namespace of their own");
}

}  // namespace caisson::pod_spec
