// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/pod_spec/api_status.h"
#include "runtime/base/error.h"

namespace caisson::api {

// Where a long answer (watch, log) is written to. Thread-compatible.
class ReplyStream {
 public:
  virtual ~ReplyStream() = default;
  // One piece, sent at once. False when the client has gone: stop.
  virtual bool Write(std::string_view piece) = 0;
  // For poll(2): POLLRDHUP or POLLHUP on the first says that the client has gone; the second is
  // readable when the server stops.
  virtual int client_fd() const = 0;
  virtual int stop_fd() const = 0;
};

struct Reply {
  int code = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // When set, the body is what this writes, chunked; it runs on the connection's thread.
  std::function<void(ReplyStream&)> stream;
};

Reply JsonReply(int code, const nlohmann::json& body);
Reply TextReply(int code, std::string text);
Reply StatusReply(const pod_spec::ApiStatus& status);
// The one place where a failure's kind becomes an HTTP status. 5xx are logged.
Reply ErrorReply(const Error& error);
pod_spec::ApiStatus StatusOf(const Error& error);

// JSON text; bytes that are not UTF-8 (a container's own words) are replaced.
std::string Dump(const nlohmann::json& value);

// A value, or the refusal that the client is told.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as Result
  Outcome(pod_spec::ApiStatus refusal)                                    // NOLINT: as Result
      : state_(std::in_place_index<1>, std::move(refusal)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const pod_spec::ApiStatus& refusal() const { return std::get<1>(state_); }

 private:
  std::variant<T, pod_spec::ApiStatus> state_;
};

}  // namespace caisson::api
