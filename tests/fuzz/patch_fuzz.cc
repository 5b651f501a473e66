// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"
#include "agent/pod_spec/patch.h"

// Any patch of a pod ends with a document or an error. {"patch": P} is applied in all three ways.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::pod_spec;
  static const nlohmann::json pod = nlohmann::json::parse(
      R"({"metadata":{"name":"p","labels":{"a":"1"},"finalizers":["f"]},"spec":{"containers":[
          {"name":"a","env":[{"name":"E","value":"1"}]},{"name":"b"}],"volumes":[{"name":"v"}]}})");
  const auto patch = ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!patch) return 0;
  (void)ApplyStrategicPatch(pod, *patch->value, "Pod").has_value();
  (void)ApplyMergePatch(pod, *patch->value).has_value();
  (void)ApplyJsonPatch(pod, *patch->value).has_value();
  return 0;
}
