// SPDX-License-Identifier: Apache-2.0
#include "agent/api/reply.h"

#include <nlohmann/json.hpp>

#include "runtime/base/log.h"

namespace caisson::api {

using nlohmann::json;

namespace {

int HttpCode(Code code) {
  switch (code) {
    case Code::kInvalidSpec: return 400;
    case Code::kDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kAlreadyExists:
    case Code::kWrongState: return 409;
    case Code::kUnsupported: return 501;
    case Code::kSystem:
    case Code::kInternal: return 500;
  }
  return 500;
}

}  // namespace

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Reply JsonReply(int code, const json& body) {
  return {code, "application/json", Dump(body) + "\n"};
}

Reply TextReply(int code, std::string text) {
  return {code, "text/plain; charset=utf-8", std::move(text)};
}

Reply StatusReply(const pod_spec::ApiStatus& status) {
  return JsonReply(status.code, pod_spec::EncodeStatus(status));
}

pod_spec::ApiStatus StatusOf(const Error& error) {
  const int code = HttpCode(error.code());
  std::string reason =
      error.code() == Code::kAlreadyExists ? "AlreadyExists" : pod_spec::ReasonOf(code);
  return {code, std::move(reason), error.ToString()};
}

Reply ErrorReply(const Error& error) {
  const pod_spec::ApiStatus status = StatusOf(error);
  if (status.code >= 500) Log(LogLevel::kError, "request failed", {{"error", error.message()}});
  return StatusReply(status);
}

}  // namespace caisson::api
