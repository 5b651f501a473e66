// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::pod_spec {

// One thing that is wrong with an object that could be read, as in Kubernetes' field.Error.
struct FieldError {
  enum class Kind {
    kRequired,
    kInvalid,
    kNotSupported,
    kDuplicate,
    kForbidden,
    kTooLong,
    kNotFound
  };
  Kind kind = Kind::kInvalid;
  std::string field;  // "spec.containers[0].name"
  std::string value;  // as JSON, for the kinds that show it
  std::string detail;

  // "FieldValueInvalid"
  std::string_view Reason() const;
  // Invalid value: "Bad": a lowercase RFC 1123 label must ...
  std::string Message() const;
};

// Collects the errors of one object. Thread-compatible.
class FieldErrors {
 public:
  void Required(std::string field, std::string detail = {});
  void Invalid(std::string field, const nlohmann::json& value, std::string detail);
  void NotSupported(std::string field, const nlohmann::json& value,
                    const std::vector<std::string_view>& supported);
  void Duplicate(std::string field, const nlohmann::json& value);
  void Forbidden(std::string field, std::string detail);
  void TooLong(std::string field, std::size_t max_bytes);
  void NotFound(std::string field, const nlohmann::json& value);
  // Invalid, unless `wrong` (from a check in names.h) is empty.
  void Check(const std::string& field, const std::string& value, const std::string& wrong);

  bool empty() const { return errors_.empty(); }
  const std::vector<FieldError>& list() const { return errors_; }
  // "field: message", joined and in brackets when there are several.
  std::string Summary() const;

 private:
  std::vector<FieldError> errors_;
};

}  // namespace caisson::pod_spec
