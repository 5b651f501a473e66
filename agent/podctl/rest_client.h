// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::podctl {

inline constexpr const char* kDefaultServer = "unix:///run/caisson/caissond.sock";

struct Answer {
  int code = 0;
  std::string body;
  std::string warning;  // of a "Warning" header
};

// Talks to an agent's API. Thread-compatible: one owner at a time.
class RestClient {
 public:
  // "unix:///run/caisson/caissond.sock" or "http://127.0.0.1:10280".
  // Errors: kInvalidSpec for anything else.
  static Result<RestClient> Open(const std::string& server);
  RestClient(RestClient&&) noexcept;
  RestClient& operator=(RestClient&&) noexcept;
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;
  ~RestClient();

  // Errors: kSystem when the agent cannot be reached, with what to do about it.
  Result<Answer> Get(const std::string& path, bool as_table = false) const;
  Result<Answer> Post(const std::string& path, const std::string& body,
                      const std::string& type = "application/json") const;
  Result<Answer> Patch(const std::string& path, const std::string& body,
                       const std::string& type) const;
  Result<Answer> Delete(const std::string& path, const std::string& body) const;
  // Sends what is left in an open file.
  Result<Answer> Upload(const std::string& path, FdView file) const;

  // Gives each piece of a long answer to `piece` until that returns false or the answer ends. An
  // answer with an error code is returned whole in place of being streamed.
  using Piece = std::function<bool(std::string_view bytes)>;
  Result<Answer> Stream(const std::string& path, bool as_table, const Piece& piece) const;

 private:
  class Impl;
  explicit RestClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The answer's JSON, or the error that its Status tells: kNotFound for 404 and so on.
Result<nlohmann::json> JsonOf(const Answer& answer);
Status CheckAnswer(const Answer& answer);

// Percent-encodes what may not stand in a query value.
std::string EncodeQuery(std::string_view text);

}  // namespace caisson::podctl
