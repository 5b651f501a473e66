// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::pod_spec {

// labelSelector of a query: "a=b,c!=d,e in (f,g),h notin (i),j,!k". Empty matches all.
// "!=" and "notin" match objects without the key too. Thread-safe once made.
class LabelSelector {
 public:
  // Errors: kInvalidSpec naming the part.
  static Result<LabelSelector> Parse(std::string_view text);
  bool Matches(const nlohmann::json& object) const;
  bool empty() const { return requirements_.empty(); }

 private:
  enum class Operator { kIn, kNotIn, kExists, kNotExists };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  static Result<Requirement> ParseOne(std::string_view text);
  std::vector<Requirement> requirements_;
};

// fieldSelector of a query: "metadata.name=a,status.phase!=Running". Thread-safe once made.
class FieldSelector {
 public:
  // Errors: kInvalidSpec when `kind` ("Pod", "Event"...) has no such selectable field.
  static Result<FieldSelector> Parse(std::string_view text, std::string_view kind);
  bool Matches(const nlohmann::json& object) const;
  bool empty() const { return requirements_.empty(); }

 private:
  struct Requirement {
    std::string field;
    std::string value;
    bool equal;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace caisson::pod_spec
