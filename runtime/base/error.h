// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/base/strings.h"

namespace caisson {

// What kind of failure; decides exit codes and HTTP statuses. Never parsed out of text.
enum class Code {
  kInvalidSpec,    // the input is wrong; a retry with the same input cannot work
  kDenied,         // EPERM, EACCES
  kNotFound,       // ENOENT, ESRCH
  kAlreadyExists,  // EEXIST
  kWrongState,     // right request, wrong moment: container not running, name in use
  kUnsupported,    // this kernel or this build cannot do it
  kSystem,         // any other failed system call
  kInternal,       // our bug; the text names the invariant
};

// The kind that an errno value means by itself.
Code CodeOf(int sys_errno);

// A failure: kind, errno (0 if none), message chain "outer: inner", and a hint for the user.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message, int sys_errno = 0)
      : message_(std::move(message)), sys_errno_(sys_errno), code_(code) {}

  // Puts the caller's view in front: "outer: inner". Once per room, never twice in one.
  Error Wrap(std::string_view context) && {
    message_.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
  // Says what the user can do about it, as an imperative; the innermost hint wins.
  Error Hint(std::string_view hint) && {
    if (hint_.empty()) hint_ = hint;
    return std::move(*this);
  }

  Code code() const { return code_; }
  int sys_errno() const { return sys_errno_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

  // The one line for a log or a terminal: "message (try: hint)".
  std::string ToString() const;

 private:
  std::string message_;
  std::string hint_;
  int sys_errno_;
  Code code_;
};

// A failed call as an Error:  openat2 "etc/passwd": No such file or directory (ENOENT)
// `operand` is what the call acted on, in the user's terms, never empty.
Error SysError(std::string_view call, std::string_view operand, int err = errno);

// "no such file or directory", as Go writes it: for sentences that others' programs look for.
std::string ErrnoWords(int err);

// A value or an Error, with the shape of std::expected.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  // Implicit on purpose, as in std::expected: `return value;` and `return SysError(...);` both read
  // well.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;
inline Status Ok() { return std::monostate{}; }

inline Error Wrapped(Error&& error) { return std::move(error); }
template <class... Parts>
Error Wrapped(Error&& error, const Parts&... parts) {
  return std::move(error).Wrap(StrCat(parts...));
}

// Returns the error, if there is one, with the context (StrCat parts) in front. The context costs
// nothing on success.
#define CAISSON_TRY(expr, ...)                                                       \
  do {                                                                               \
    if (auto try_ = (expr); !try_) [[unlikely]]                                      \
      return ::caisson::Wrapped(std::move(try_).error() __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)

#define CAISSON_CONCAT_INNER_(a, b) a##b
#define CAISSON_CONCAT_(a, b) CAISSON_CONCAT_INNER_(a, b)

// CAISSON_ASSIGN(UniqueFd dir, OpenInRoot(...), "bundle \"", path, "\"");  TRY that keeps the
// value.
#define CAISSON_ASSIGN(declaration, expr, ...) \
  CAISSON_ASSIGN_(CAISSON_CONCAT_(assign_, __LINE__), declaration, expr __VA_OPT__(, ) __VA_ARGS__)
#define CAISSON_ASSIGN_(name, declaration, expr, ...)                              \
  auto name = (expr);                                                              \
  if (!name) [[unlikely]]                                                          \
    return ::caisson::Wrapped(std::move(name).error() __VA_OPT__(, ) __VA_ARGS__); \
  declaration = std::move(name).value()

}  // namespace caisson
