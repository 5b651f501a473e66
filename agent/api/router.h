// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/api/reply.h"
#include "agent/api/request.h"

namespace caisson::api {

using Handler = std::function<Reply(const Request&)>;

// Finds the handler of a request by method and path segments; no regular expressions, so no input
// is slow. Filled once at start, then thread-safe to use.
class Router {
 public:
  enum class Body { kWhole, kStreamed };

  // "GET", "/api/v1/namespaces/{ns}/pods/{name}". A segment in braces matches any one segment
  // but those that could climb ("..", "a/b"), which are refused before a handler sees them.
  void Add(std::string method, std::string_view pattern, Handler handler, Body body = Body::kWhole);

  // The reply of the handler, or 404, 405, or 400 for a name that could climb.
  Reply Handle(Request& request) const;

  // Whether the request's route reads the body itself.
  bool StreamsBody(const Request& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
    Body body;
  };
  static bool Fits(const Route& route, const Request& request);
  static const std::string& MethodOf(const Request& request);

  std::vector<Route> routes_;
};

}  // namespace caisson::api
