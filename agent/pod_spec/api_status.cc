// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/api_status.h"

#include <nlohmann/json.hpp>

#include "runtime/base/strings.h"

namespace caisson::pod_spec {

using nlohmann::json;

json EncodeStatus(const ApiStatus& status) {
  json out{{"kind", "Status"},
           {"apiVersion", "v1"},
           {"metadata", json::object()},
           {"status", status.code < 300 ? "Success" : "Failure"},
           {"message", status.message},
           {"reason", status.reason.empty() ? ReasonOf(status.code) : status.reason},
           {"code", status.code}};
  json details = json::object();
  if (!status.name.empty()) details["name"] = status.name;
  if (!status.kind.empty()) details["kind"] = status.kind;
  for (const FieldError& cause : status.causes.list()) {
    details["causes"].push_back(
        {{"reason", cause.Reason()}, {"message", cause.Message()}, {"field", cause.field}});
  }
  // Never absent: kubectl's debug looks into it without asking whether it is there.
  out["details"] = std::move(details);
  return out;
}

ApiStatus BadRequestStatus(std::string message) { return {400, "BadRequest", std::move(message)}; }

ApiStatus NotFoundStatus(const std::string& resource, const std::string& name) {
  return {404, "NotFound", StrCat(resource, " \"", name, "\" not found"), name, resource};
}

ApiStatus InvalidStatus(const std::string& kind, const std::string& name, FieldErrors causes) {
  std::string message = StrCat(kind, " \"", name, "\" is invalid: ", causes.Summary());
  return {422, "Invalid", std::move(message), name, kind, std::move(causes)};
}

std::string ReasonOf(int code) {
  switch (code) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 406: return "NotAcceptable";
    case 409: return "Conflict";
    case 410: return "Expired";
    case 413: return "RequestEntityTooLarge";
    case 415: return "UnsupportedMediaType";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 500: return "InternalError";
    case 501: return "NotImplemented";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return code < 300 ? "" : "Unknown";
  }
}

}  // namespace caisson::pod_spec
