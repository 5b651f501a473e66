// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

void ValidatePort(const json& action, const std::string& path, FieldErrors& errors) {
  const auto port = action.find("port");
  if (port == action.end()) return errors.Required(StrCat(path, ".port"));
  if (port->is_string()) {
    const auto& name = port->get_ref<const std::string&>();
    return errors.Check(StrCat(path, ".port"), name, CheckPortName(name));
  }
  const auto number = port->get<std::int64_t>();
  if (number < 1 || number > 65535)
    errors.Invalid(StrCat(path, ".port"), number, "must be between 1 and 65535, inclusive");
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kExtra = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kExtra.find(c) == kExtra.npos) return false;
  }
  return !name.empty();
}

void ValidateHttpGet(const json& action, const std::string& path, FieldErrors& errors) {
  if (TextOf(action, "path").empty()) errors.Required(StrCat(path, ".path"));
  ValidatePort(action, path, errors);
  CheckWord(action, "scheme", path, {"HTTP", "HTTPS"}, errors);
  for (const json& header : ListOf(action, "httpHeaders")) {
    const std::string name = TextOf(header, "name");
    if (!IsHeaderName(name))
      errors.Invalid(StrCat(path, ".httpHeaders"), name,
                     "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. "
                     "'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')");
  }
}

void ValidateHandler(const json& handler, const std::string& path,
                     std::initializer_list<const char*> kinds, FieldErrors& errors) {
  int given = 0;
  for (const char* kind : kinds) {
    const auto action = handler.find(kind);
    if (action == handler.end()) continue;
    const std::string here = StrCat(path, ".", kind);
    if (++given > 1) {
      errors.Forbidden(here, "may not specify more than 1 handler type");
      continue;
    }
    const std::string_view name = kind;
    if (name == "exec" && ListOf(*action, "command").empty())
      errors.Required(StrCat(here, ".command"));
    if (name == "httpGet") ValidateHttpGet(*action, here, errors);
    if (name == "tcpSocket" || name == "grpc") ValidatePort(*action, here, errors);
    if (name == "sleep") CheckNotNegative(*action, "seconds", here, errors);
  }
  if (given == 0) errors.Required(path, "must specify a handler type");
}

void ValidateProbe(const json& probe, const std::string& path, bool is_readiness,
                   FieldErrors& errors) {
  ValidateHandler(probe, path, {"exec", "httpGet", "tcpSocket", "grpc"}, errors);
  for (const char* field : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                            "successThreshold", "failureThreshold"})
    CheckNotNegative(probe, field, path, errors);
  if (!is_readiness && NumberOf(probe, "successThreshold") != 1)
    errors.Invalid(StrCat(path, ".successThreshold"), NumberOf(probe, "successThreshold"),
                   "must be 1");
  if (probe.contains("terminationGracePeriodSeconds")) {
    if (is_readiness)
      errors.Invalid(StrCat(path, ".terminationGracePeriodSeconds"),
                     probe["terminationGracePeriodSeconds"], "must not be set for readinessProbes");
    else if (NumberOf(probe, "terminationGracePeriodSeconds") <= 0)
      errors.Invalid(StrCat(path, ".terminationGracePeriodSeconds"),
                     probe["terminationGracePeriodSeconds"], "must be greater than 0");
  }
}

}  // namespace

void ValidateProbes(const json& container, const std::string& path, bool is_init,
                    FieldErrors& errors) {
  const bool is_sidecar = TextOf(container, "restartPolicy") == "Always";
  for (const char* name : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    const auto probe = container.find(name);
    if (probe == container.end()) continue;
    const std::string here = StrCat(path, ".", name);
    if (is_init && !is_sidecar) {
      errors.Forbidden(here, "may not be set for init containers without restartPolicy=Always");
      continue;
    }
    ValidateProbe(*probe, here, std::string_view(name) == "readinessProbe", errors);
  }
}

void ValidateLifecycle(const json& lifecycle, const std::string& path, FieldErrors& errors) {
  for (const char* hook : {"postStart", "preStop"}) {
    if (const auto handler = lifecycle.find(hook); handler != lifecycle.end())
      ValidateHandler(*handler, StrCat(path, ".", hook), {"exec", "httpGet", "tcpSocket", "sleep"},
                      errors);
  }
}

}  // namespace caisson::pod_spec
