// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/defaults.h"
#include "agent/pod_spec/document.h"
#include "agent/pod_spec/field_check.h"
#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/table.h"
#include "agent/pod_spec/validate.h"

// A document that conforms to its type goes all the way, and conforms again without a change.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::pod_spec;
  const auto parsed = ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed || !parsed->value->is_object()) return 0;
  nlohmann::json& pod = *parsed->value;
  if (!ConformToType(pod, "Pod")) return 0;
  nlohmann::json again = pod;
  const auto unknown = ConformToType(again, "Pod");
  if (!unknown || !unknown->empty() || again != pod) std::abort();
  SetPodDefaults(pod, "node");
  FieldErrors errors;
  ValidatePod(pod, errors);
  for (const FieldError& error : errors.list()) (void)error.Message();
  const auto document = std::make_shared<const nlohmann::json>(pod);
  const auto decoded = DecodePod(document);
  if (errors.empty() && !decoded) std::abort();
  (void)MakeTable({"Pod", "1", IncludeObject::kMetadata, true, NowTime()}, {document});
  return 0;
}
