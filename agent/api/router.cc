// SPDX-License-Identifier: Apache-2.0
#include "agent/api/router.h"

#include <optional>

namespace caisson::api {
namespace {

bool IsParameter(const std::string& segment) { return segment.starts_with('{'); }

// What no name may be, whatever its kind. Source: apimachinery, IsValidPathSegmentName.
std::string CheckPathSegment(const std::string& text) {
  if (text == "." || text == "..") return StrCat("may not be '", text, "'");
  for (const char c : {'/', '%'}) {
    if (text.find(c) != text.npos) return StrCat("may not contain '", c, "'");
  }
  return {};
}

// A refusal that names the field, or nothing.
std::optional<pod_spec::ApiStatus> CheckParams(const Request& request) {
  pod_spec::FieldErrors errors;
  for (const auto& [name, value] : request.params) {
    const std::string field = name == "ns" ? "metadata.namespace" : StrCat("metadata.", name);
    errors.Check(field, value, CheckPathSegment(value));
  }
  if (errors.empty()) return std::nullopt;
  pod_spec::ApiStatus status = pod_spec::BadRequestStatus(errors.Summary());
  status.causes = std::move(errors);
  return status;
}

}  // namespace

void Router::Add(std::string method, std::string_view pattern, Handler handler, Body body) {
  Route route{std::move(method), {}, std::move(handler), body};
  for (const std::string_view segment : Split(pattern.substr(1), '/'))
    route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
}

bool Router::Fits(const Route& route, const Request& request) {
  if (route.segments.size() != request.path.size()) return false;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    if (!IsParameter(route.segments[i]) && route.segments[i] != request.path[i]) return false;
  }
  return true;
}

const std::string& Router::MethodOf(const Request& request) {
  static const std::string get = "GET";
  return request.method == "HEAD" ? get : request.method;
}

bool Router::StreamsBody(const Request& request) const {
  for (const Route& route : routes_) {
    if (route.method == MethodOf(request) && Fits(route, request))
      return route.body == Body::kStreamed;
  }
  return false;
}

Reply Router::Handle(Request& request) const {
  bool path_known = false;
  for (const Route& route : routes_) {
    if (!Fits(route, request)) continue;
    path_known = true;
    if (route.method != MethodOf(request)) continue;
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
      const std::string& segment = route.segments[i];
      if (IsParameter(segment))
        request.params[segment.substr(1, segment.size() - 2)] = request.path[i];
    }
    if (const auto refusal = CheckParams(request)) return StatusReply(*refusal);
    return route.handler(request);
  }
  if (path_known)
    return StatusReply({405, "MethodNotAllowed",
                        "the server does not allow this method on the requested resource"});
  return StatusReply({404, "NotFound", "the server could not find the requested resource"});
}

}  // namespace caisson::api
