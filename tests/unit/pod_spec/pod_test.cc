// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/pod.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/pod_spec/defaults.h"
#include "agent/pod_spec/document.h"
#include "agent/pod_spec/field_check.h"
#include "agent/pod_spec/validate.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

json SmallPod() {
  return json::parse(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default"},
      "spec":{"containers":[{"name":"a","image":"busybox"}]}})");
}

// The first error's "field: message" after conforming and defaulting.
std::string FirstError(json pod) {
  const auto unknown = ConformToType(pod, "Pod");
  if (!unknown) return "type: " + unknown.error().message();
  SetPodDefaults(pod, "node");
  FieldErrors errors;
  ValidatePod(pod, errors);
  return errors.empty() ? "" : errors.list().front().field + ": " + errors.list().front().Message();
}

TEST(ConformToType, UnknownFieldsAreTakenOutAndToldByTheirPath) {
  json pod = SmallPod();
  pod["spec"]["foo"] = 1;
  pod["spec"]["containers"][0]["bar"] = "x";
  pod["spec"]["nodeName"] = nullptr;

  const auto unknown = ConformToType(pod, "Pod");

  ASSERT_TRUE(unknown) << unknown.error().message();
  EXPECT_THAT(*unknown, ElementsAre("spec.containers[0].bar", "spec.foo"));
  EXPECT_EQ(pod, SmallPod());
}

TEST(ConformToType, WrongTypesNameTheField) {
  struct Case {
    const char* pointer;
    json value;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {"/spec/containers", "x", "spec.containers: expected a list, got a string"},
           {"/spec/containers/0/image", 5,
            "spec.containers[0].image: expected a string, got a number"},
           {"/spec/hostNetwork", "true", "spec.hostNetwork: expected a boolean, got a string"},
           {"/spec/priority", 3000000000,
            "spec.priority: number 3000000000 is out of range (-2147483648 to 2147483647)"},
           {"/spec/activeDeadlineSeconds", 1.5,
            "spec.activeDeadlineSeconds: expected a whole number, got a fraction"},
           {"/metadata/labels", json::array(), "metadata.labels: expected an object, got a list"},
           {"/metadata/labels", {{"a", 1}}, "metadata.labels[a]: expected a string, got a number"},
           {"/spec/containers/0/resources",
            {{"limits", {{"cpu", "abc"}}}},
            "spec.containers[0].resources.limits[cpu]: quantity \"abc\": quantities must match"},
           {"/spec", json::array(), "spec: expected an object, got a list"}}) {
    SCOPED_TRACE(c.message);
    json pod = SmallPod();
    pod[json::json_pointer(c.pointer)] = c.value;

    const auto unknown = ConformToType(pod, "Pod");

    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().message(), HasSubstr(c.message));
  }
}

TEST(SetPodDefaults, FillsInWhatClientsRelyOn) {
  json pod = SmallPod();
  json& container = pod["spec"]["containers"][0];
  container["ports"] = json::parse(R"([{"containerPort":80}])");
  container["resources"] = json::parse(R"({"limits":{"memory":"64Mi"}})");
  container["livenessProbe"] = json::parse(R"({"httpGet":{"port":80}})");
  pod["spec"]["volumes"] =
      json::parse(R"([{"name":"scratch"},{"name":"cm","configMap":{"name":"x"}}])");

  SetPodDefaults(pod, "node-1");

  const json& spec = pod["spec"];
  EXPECT_EQ(spec["restartPolicy"], "Always");
  EXPECT_EQ(spec["dnsPolicy"], "ClusterFirst");
  EXPECT_EQ(spec["terminationGracePeriodSeconds"], 30);
  EXPECT_EQ(spec["securityContext"], json::object());
  EXPECT_EQ(spec["nodeName"], "node-1");
  EXPECT_EQ(container["imagePullPolicy"], "Always");
  EXPECT_EQ(container["terminationMessagePath"], "/dev/termination-log");
  EXPECT_EQ(container["ports"][0]["protocol"], "TCP");
  EXPECT_EQ(container["resources"]["requests"]["memory"], "64Mi");
  EXPECT_EQ(container["livenessProbe"]["periodSeconds"], 10);
  EXPECT_EQ(spec["volumes"][0]["emptyDir"], json::object());
  EXPECT_EQ(spec["volumes"][1]["configMap"]["defaultMode"], 420);
}

TEST(SetPodDefaults, PullPolicyFollowsTheTag) {
  for (const auto& [image, policy] :
       std::vector<std::pair<std::string, std::string>>{{"busybox", "Always"},
                                                        {"busybox:latest", "Always"},
                                                        {"busybox:1.36", "IfNotPresent"},
                                                        {"reg:5000/busybox", "Always"},
                                                        {"reg:5000/busybox:1", "IfNotPresent"},
                                                        {"busybox@sha256:aa", "IfNotPresent"}}) {
    SCOPED_TRACE(image);
    json pod = SmallPod();
    pod["spec"]["containers"][0]["image"] = image;
    SetPodDefaults(pod, "n");
    EXPECT_EQ(pod["spec"]["containers"][0]["imagePullPolicy"], policy);
  }
}

TEST(ValidatePod, AGoodPodHasNoErrors) { EXPECT_EQ(FirstError(SmallPod()), ""); }

TEST(ValidatePod, EachMistakeIsNamedInKubernetesWords) {
  struct Case {
    const char* pointer;
    const char* value;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {"/metadata/name", R"("Web_1")",
            "metadata.name: Invalid value: \"Web_1\": a lowercase RFC 1123 subdomain must consist"},
           {"/metadata/name", R"("../x")",
            "metadata.name: Invalid value: \"../x\": a lowercase RFC 1123"},
           {"/metadata/labels", R"({"-a":"b"})",
            "metadata.labels: Invalid value: \"-a\": name part must consist"},
           {"/spec/containers", "[]", "spec.containers: Required value"},
           {"/spec/containers/0/name", R"("A")",
            "spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label"},
           {"/spec/containers/0/image", R"("")", "spec.containers[0].image: Required value"},
           {"/spec/restartPolicy", R"("Sometimes")",
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", "
            "\"OnFailure\", \"Never\""},
           {"/spec/containers/1", R"({"name":"a","image":"x"})",
            "spec.containers[1].name: Duplicate value: \"a\""},
           {"/spec/containers/0/ports", R"([{"containerPort":70000}])",
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 "
            "and 65535, inclusive"},
           {"/spec/containers/0/volumeMounts", R"([{"name":"v","mountPath":"/x"}])",
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\""},
           {"/spec/volumes", R"([{"name":"v","hostPath":{"path":"/a/../b"}}])",
            "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"},
           {"/spec/volumes", R"([{"name":"v","hostPath":{"path":"/a"},"emptyDir":{}}])",
            "may not specify more than 1 volume type"},
           {"/spec/containers/0/env", R"([{"name":"a=b","value":"x"}])",
            "spec.containers[0].env[0].name: Invalid value: \"a=b\""},
           {"/spec/containers/0/env",
            R"([{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.foo"}}}])",
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "
            "\"spec.foo\""},
           {"/spec/containers/0/resources",
            R"({"limits":{"memory":"1Mi"},"requests":{"memory":"2Mi"}})",
            "spec.containers[0].resources.requests: Invalid value: \"2Mi\": must be less than or "
            "equal to memory limit of 1Mi"},
           {"/spec/containers/0/livenessProbe", "{}",
            "spec.containers[0].livenessProbe: Required value: must specify a handler type"},
           {"/spec/dnsPolicy", R"("None")", "spec.dnsConfig.nameservers: Required value"},
           {"/spec/terminationGracePeriodSeconds", "-1",
            "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal "
            "to 0"},
           {"/spec/containers/0/securityContext",
            R"({"seccompProfile":{"type":"Localhost","localhostProfile":"../x"}})",
            "localhostProfile: Invalid value: \"../x\": must not contain '..'"}}) {
    SCOPED_TRACE(c.message);
    json pod = SmallPod();
    pod[json::json_pointer(c.pointer)] = json::parse(c.value);
    EXPECT_THAT(FirstError(pod), HasSubstr(c.message));
  }
}

TEST(ValidatePodUpdate, OnlyImagesAndDeadlinesMayChange) {
  json before = SmallPod();
  SetPodDefaults(before, "n");
  json image = before;
  image["spec"]["containers"][0]["image"] = "other:1";
  json command = before;
  command["spec"]["containers"][0]["command"] = json::array({"sh"});

  FieldErrors fine;
  ValidatePodUpdate(before, image, fine);
  FieldErrors refused;
  ValidatePodUpdate(before, command, refused);

  EXPECT_TRUE(fine.empty()) << fine.Summary();
  EXPECT_THAT(refused.Summary(),
              HasSubstr("spec: Forbidden: pod updates may not change fields other than"));
}

TEST(DecodePod, StructsHoldWhatTheDocumentSays) {
  json pod = SmallPod();
  json& container = pod["spec"]["containers"][0];
  container["command"] = json::array({"sh", "-c"});
  container["env"] = json::parse(
      R"([{"name":"A","value":"1"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}])");
  container["resources"] = json::parse(R"({"limits":{"memory":"64Mi","cpu":"250m"}})");
  container["livenessProbe"] =
      json::parse(R"({"httpGet":{"port":"http","path":"/z"},"periodSeconds":3})");
  container["securityContext"] = json::parse(R"({"capabilities":{"drop":["ALL"]},"runAsUser":0})");
  pod["spec"]["volumes"] = json::parse(
      R"([{"name":"h","hostPath":{"path":"/x","type":"Directory"}},{"name":"n","nfs":{"server":"s"}}])");
  pod["spec"]["restartPolicy"] = "OnFailure";
  pod["spec"]["imagePullSecrets"] = json::parse(R"([{"name":"reg"}])");
  pod["metadata"]["deletionTimestamp"] = "2026-01-31T12:00:00+02:00";

  const auto decoded = DecodePod(std::make_shared<const json>(pod));

  ASSERT_TRUE(decoded) << decoded.error().message();
  const PodSpec& spec = decoded->spec;
  ASSERT_EQ(spec.containers.size(), 1U);
  EXPECT_THAT(spec.containers[0].command, ElementsAre("sh", "-c"));
  EXPECT_EQ(spec.containers[0].env[1].value_from->secret_key_ref->key, "k");
  EXPECT_EQ(spec.containers[0].resources.limits.at("memory").ToWhole(), 67108864);
  EXPECT_EQ(spec.containers[0].resources.limits.at("cpu").ToMilli(), 250);
  EXPECT_EQ(spec.containers[0].liveness_probe->handler.http_get->port.name, "http");
  EXPECT_EQ(spec.containers[0].liveness_probe->period_seconds, 3);
  EXPECT_EQ(spec.containers[0].security_context.run_as_user, 0);
  EXPECT_EQ(std::get<HostPathVolume>(spec.volumes[0].source).path, "/x");
  EXPECT_EQ(std::get<UnsupportedVolume>(spec.volumes[1].source).kind, "nfs");
  EXPECT_EQ(spec.restart_policy, RestartPolicy::kOnFailure);
  EXPECT_THAT(spec.image_pull_secrets, ElementsAre("reg"));
  EXPECT_EQ(FormatTime(*decoded->metadata.deletion_timestamp), "2026-01-31T10:00:00Z");
  EXPECT_EQ(QosClassOf(spec), QosClass::kGuaranteed);
}

TEST(DecodePod, AWrongTypeNamesTheField) {
  json pod = SmallPod();
  pod["spec"]["containers"][0]["ports"] = json::parse(R"([{"containerPort":"x"}])");

  const auto decoded = DecodePod(std::make_shared<const json>(pod));

  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message(),
            "spec.containers[0].ports[0].containerPort: expected a whole number");
}

}  // namespace
}  // namespace caisson::pod_spec
