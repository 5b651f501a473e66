// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/api/protobuf.h"
#include "agent/api/request.h"
#include "agent/pod_spec/quantity.h"
#include "agent/pod_spec/selector.h"

// What a client writes into a request's head, and the protobuf bodies. A quantity that is read
// means the same when its own text is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)api::ParseTarget(text).has_value();
  (void)api::DecodeProtobuf(text).has_value();
  (void)pod_spec::FieldSelector::Parse(text, "Pod").has_value();
  static const nlohmann::json object = {{"metadata", {{"labels", {{"a", "1"}}}}}};
  if (const auto selector = pod_spec::LabelSelector::Parse(text)) (void)selector->Matches(object);
  if (const auto quantity = pod_spec::Quantity::Parse(text)) {
    const auto again = pod_spec::Quantity::Parse(quantity->text());
    if (!again || *again != *quantity || quantity->ToMilli() < quantity->ToWhole() - 1) {
      if (!quantity->is_negative()) std::abort();
    }
  }
  return 0;
}
