// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/api/router.h"
#include "agent/api/services.h"
#include "runtime/base/fd.h"

namespace caisson::api {

// Speaks HTTP/1.1 on one accepted socket after the other, by cpp-httplib's parser, without its
// listener, thread pool and regular expressions. Thread-safe: Serve runs beside itself.
class HttpEngine {
 public:
  // `stop_fd` is readable once the server stops.
  HttpEngine(const Router& router, const Services& services, int stop_fd);
  ~HttpEngine();
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  // Until the client closes, is idle for long, or the server stops. `is_tcp`: the Host and Origin
  // headers must name this machine, so that no web page reaches the API through a browser.
  void Serve(UniqueFd socket, bool is_tcp);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::api
