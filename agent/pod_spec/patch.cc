// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/patch.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"

namespace caisson::pod_spec {

using nlohmann::json;

namespace {

std::size_t DepthOf(const json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const json& child : value) deepest = std::max(deepest, DepthOf(child));
  return deepest + 1;
}

}  // namespace

Result<json> ApplyMergePatch(const json& object, const json& patch) {
  if (!patch.is_object()) return Error(Code::kInvalidSpec, "a merge patch must be an object");
  json result = object;
  result.merge_patch(patch);
  return result;
}

Result<json> ApplyJsonPatch(const json& object, const json& patch) {
  constexpr std::size_t kMaxOperations = 10'000;
  constexpr std::size_t kMaxResultBytes = std::size_t{3} << 20;
  if (!patch.is_array())
    return Error(Code::kInvalidSpec, "a JSON patch must be a list of operations");
  if (patch.size() > kMaxOperations)
    return Error(Code::kInvalidSpec,
                 StrCat("a JSON patch may not have more than ", kMaxOperations, " operations"));
  json result = object;
  std::size_t index = 0;
  try {
    for (const json& operation : patch) {
      result.patch_inplace(json::array({operation}));
      // "copy" can double the document each time: both its size and its depth stay bounded.
      const bool grows = operation.value("op", "") == "copy" || operation.value("op", "") == "add";
      if (grows && (DepthOf(result) > kMaxDepth || result.dump().size() > kMaxResultBytes))
        return Error(Code::kInvalidSpec, "the patched object is too large");
      ++index;
    }
  } catch (const json::exception& exception) {
    std::string_view what = exception.what();
    if (const auto end = what.find("] "); end != what.npos) what.remove_prefix(end + 2);
    return Error(Code::kInvalidSpec, StrCat("JSON patch, operation ", index, ": ", what));
  }
  return result;
}

}  // namespace caisson::pod_spec
