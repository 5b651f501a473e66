// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/no_effect.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/pod_spec/defaults.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

json PodOf(json container, json spec = json::object()) {
  container["name"] = "a";
  container["image"] = "busybox:1";
  spec["containers"] = json::array({std::move(container)});
  json pod = {{"metadata", {{"name", "web"}}}, {"spec", std::move(spec)}};
  SetPodDefaults(pod, "node");
  return pod;
}

TEST(FieldsWithoutEffect, NothingOfAnOrdinaryPod) {
  EXPECT_THAT(FieldsWithoutEffect(PodOf({{"command", {"sleep", "1"}}, {"stdin", false}})),
              IsEmpty());
}

TEST(FieldsWithoutEffect, ProbesHooksAndInputAreToldByTheirPath) {
  const json probe = {{"tcpSocket", {{"port", 80}}}};
  EXPECT_THAT(
      FieldsWithoutEffect(PodOf({{"livenessProbe", probe},
                                 {"lifecycle", {{"preStop", {{"sleep", {{"seconds", 1}}}}}}},
                                 {"stdin", true}})),
      ElementsAre(
          "spec.containers[0].livenessProbe: has no effect here: probes are not run",
          "spec.containers[0].lifecycle.preStop: has no effect here: lifecycle hooks are not run",
          "spec.containers[0].stdin: has no effect here: containers read nothing from their "
          "standard input"));
}

TEST(FieldsWithoutEffect, OfAppArmorOnlyTheDefaultProfileIsMissing) {
  const auto of_type = [](const char* type) {
    return FieldsWithoutEffect(PodOf(
        {},
        {{"securityContext", {{"appArmorProfile", {{"type", type}, {"localhostProfile", "p"}}}}}}));
  };
  EXPECT_THAT(of_type("Localhost"), IsEmpty());
  EXPECT_THAT(of_type("RuntimeDefault"),
              ElementsAre("spec.securityContext.appArmorProfile: has no effect here: there is no "
                          "default AppArmor profile"));
}

TEST(RefuseUnkeptPromises, AUserNamespaceOfItsOwnIsNotLeftOutInSilence) {
  FieldErrors errors;
  RefuseUnkeptPromises(PodOf({}, {{"hostUsers", true}}), errors);
  EXPECT_TRUE(errors.empty());
  RefuseUnkeptPromises(PodOf({}, {{"hostUsers", false}}), errors);
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors.list().front().field, "spec.hostUsers");
}

}  // namespace
}  // namespace caisson::pod_spec
