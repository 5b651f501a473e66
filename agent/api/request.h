// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::api {

// One HTTP request, free of the library that read it. Thread-compatible.
struct Request {
  std::string method;
  std::vector<std::string> path;  // decoded one by one: a "%2F" never makes a new segment
  std::multimap<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case; the last of several
  std::string body;                            // empty for routes that stream it
  std::map<std::string, std::string> params;   // what the route's {names} stood for

  // Streams the body, for routes that ask for it: calls back with each piece until it returns
  // false. False when the client broke off or the callback refused.
  using Receiver = std::function<bool(std::string_view piece)>;
  std::function<bool(const Receiver&)> read_body;

  std::string Header(const std::string& name) const;
  std::optional<std::string> Query(const std::string& name) const;
  std::string Param(const std::string& name) const;
  // "true" and "1" are true. Source: strconv.ParseBool, which clients are used to.
  bool Flag(const std::string& name) const;
};

// Splits and decodes a request target: "/api/v1/pods?limit=500".
// Errors: kInvalidSpec on a broken percent escape, a NUL, or no leading slash.
struct Target {
  std::vector<std::string> path;
  std::multimap<std::string, std::string> query;
};
Result<Target> ParseTarget(std::string_view target);

}  // namespace caisson::api
