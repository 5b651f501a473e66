// SPDX-License-Identifier: Apache-2.0
#include "agent/api/body.h"

#include <nlohmann/json.hpp>

#include "agent/api/protobuf.h"
#include "agent/pod_spec/document.h"
#include "agent/pod_spec/field_check.h"

namespace caisson::api {

using nlohmann::json;
using pod_spec::ApiStatus;
using pod_spec::BadRequestStatus;

namespace {

// "application/json; charset=utf-8" is "application/json".
std::string MediaType(const Request& request) {
  const std::string header = request.Header("content-type");
  return std::string(Trim(std::string_view(header).substr(0, header.find(';'))));
}

bool IsYaml(const std::string& type) {
  return type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" ||
         type == "application/apply-patch+yaml";
}

bool IsJson(const std::string& type) {
  return type.empty() || type == "application/json" || type == "application/merge-patch+json" ||
         type == "application/strategic-merge-patch+json" ||
         type == "application/json-patch+json" ||
         // what curl -d says of any body
         type == "application/x-www-form-urlencoded";
}

Body BodyOf(pod_spec::ParsedDocument parsed) {
  Body body{std::move(parsed.value), {}};
  for (const std::string& field : parsed.duplicate_fields)
    body.warnings.push_back(StrCat("duplicate field \"", field, "\""));
  return body;
}

}  // namespace

Outcome<FieldValidation> FieldValidationOf(const Request& request) {
  const std::string text = request.Query("fieldValidation").value_or("Warn");
  if (text == "Strict") return FieldValidation::kStrict;
  if (text == "Warn" || text.empty()) return FieldValidation::kWarn;
  if (text == "Ignore") return FieldValidation::kIgnore;
  pod_spec::FieldErrors errors;
  errors.NotSupported("fieldValidation", text, {"Ignore", "Strict", "Warn"});
  ApiStatus status = BadRequestStatus(errors.Summary());
  status.causes = std::move(errors);
  return status;
}

Outcome<Body> ReadBody(const Request& request) {
  const std::string type = MediaType(request);
  if (Trim(request.body).empty()) return BadRequestStatus("request body: it is empty");
  if (type == "application/vnd.kubernetes.protobuf") {
    auto decoded = DecodeProtobuf(request.body);
    if (decoded) return Body{std::make_shared<json>(*std::move(decoded)), {}};
    return ApiStatus{415, "UnsupportedMediaType", decoded.error().ToString()};
  }
  if (IsYaml(type)) {
    auto parsed = pod_spec::ParseYaml(request.body);
    if (!parsed) return BadRequestStatus(StrCat("request body: ", parsed.error().message()));
    if (parsed->size() != 1)
      return BadRequestStatus(
          StrCat("request body: expected one YAML document, got ", parsed->size()));
    return BodyOf(std::move(parsed->front()));
  }
  if (!IsJson(type))
    return ApiStatus{
        415, "UnsupportedMediaType",
        StrCat("the body of the request was in an unknown format \"", type,
               "\" - accepted media types include: application/json, application/yaml")};
  auto parsed = pod_spec::ParseJson(request.body);
  if (!parsed) return BadRequestStatus(StrCat("request body: ", parsed.error().message()));
  return BodyOf(*std::move(parsed));
}

Outcome<Body> CheckBody(Body body, std::string_view type, FieldValidation validation) {
  json& value = *body.value;
  if (!value.is_object())
    return BadRequestStatus(StrCat("request body: expected an object of kind ", type));
  const std::string head = StrCat(type, " in version \"v1\" cannot be handled as a ", type, ": ");
  auto unknown = pod_spec::ConformToType(value, type);
  if (!unknown) return BadRequestStatus(head + unknown.error().message());
  const std::string kind = value.value("kind", std::string(type));
  const std::string version = value.value("apiVersion", "v1");
  if (kind != type || version != "v1")
    return BadRequestStatus(StrCat("the object provided is unrecognized (must be of type ", type,
                                   "): apiVersion is \"", version, "\" and kind is \"", kind,
                                   "\""));
  value["kind"] = type;
  value["apiVersion"] = "v1";
  for (const std::string& field : *unknown)
    body.warnings.push_back(StrCat("unknown field \"", field, "\""));
  if (validation == FieldValidation::kStrict && !body.warnings.empty())
    return BadRequestStatus(StrCat(head, "strict decoding error: ", Join(body.warnings, ", ")));
  if (validation == FieldValidation::kIgnore) body.warnings.clear();
  return body;
}

void AddWarnings(Reply& reply, const std::vector<std::string>& warnings) {
  constexpr std::size_t kMaxWarnings = 16;
  for (std::size_t i = 0; i < warnings.size() && i < kMaxWarnings; ++i) {
    std::string text;
    for (const char c : warnings[i]) {
      // A header value may hold neither line ends nor, inside quotes, quotes.
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) continue;
      if (c == '"' || c == '\\') text.push_back('\\');
      text.push_back(c);
    }
    reply.headers.emplace_back("Warning", StrCat("299 - \"", text, "\""));
  }
}

}  // namespace caisson::api
