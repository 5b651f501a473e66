// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::spec {

// One value of a JSON document that knows its path from the root, so that a wrong value is named
// `linux.resources.memory.limit`. Structs are described once, by a function
//   template <class V> void Fields(V& v, Is<User> auto& user) { v.Required("uid", user.uid); ... }
// found by argument-dependent lookup, which FieldReader and FieldWriter both walk. The first
// failure is kept; what is read after it does not matter. An absent member and null are the same. A
// member whose name differs in the case of letters alone counts when there is no exact one.
// Thread-compatible: lives on the stack of one parse.
class FieldReader {
 public:
  template <class T>
  void Required(std::string_view name, T& out) {
    const FieldReader child = Child(name);
    if (child.absent())
      child.Fail("is required");
    else
      child.Into(out);
  }
  template <class T>
  void Optional(std::string_view name, T& out) {
    const FieldReader child = Child(name);
    if (!child.absent()) child.Into(out);
  }
  // A string of one character out of `letters`.
  void Letter(std::string_view name, char& out, std::string_view letters);
  void RequiredLetter(std::string_view name, char& out, std::string_view letters);
  // One of `names`; its place in the list is the value.
  template <class E>
  void Enum(std::string_view name, E& out, std::span<const std::string_view> names) {
    const FieldReader child = Child(name);
    if (child.absent()) return child.Fail("is required");
    out = static_cast<E>(child.IndexIn(names));
  }
  // An object whose member names are one of the struct's own fields.
  template <class T>
  void Keyed(std::string_view name, std::vector<T>& out, std::string T::*key) {
    const FieldReader child = Child(name);
    if (child.absent()) return;
    child.ForEachMember([&](const std::string& member, const FieldReader& value) {
      value.Into(out.emplace_back());
      out.back().*key = member;
    });
  }
  // A value of any kind, kept as the text of its JSON.
  void Raw(std::string_view name, std::string& json);

  // Notes what is wrong with this value: "process.cwd: is required".
  void Fail(std::string_view why) const;

  void Into(std::string& out) const;
  void Into(bool& out) const;
  template <std::integral T>
  void Into(T& out) const {
    if constexpr (std::is_signed_v<T>)
      out = static_cast<T>(Signed(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    else
      out = static_cast<T>(Unsigned(std::numeric_limits<T>::max()));
  }
  template <class T>
  void Into(std::optional<T>& out) const {
    Into(out.emplace());
  }
  template <class T>
  void Into(std::vector<T>& out) const {
    out.clear();
    out.reserve(ArraySize());
    ForEachElement([&](const FieldReader& element) { element.Into(out.emplace_back()); });
  }
  template <class T, class C>
  void Into(std::map<std::string, T, C>& out) const {
    ForEachMember(
        [&](const std::string& name, const FieldReader& value) { value.Into(out[name]); });
  }
  template <class T>
  requires std::is_class_v<T>
  void Into(T& out) const {
    if (!IsObject()) return Fail("must be an object");
    FieldReader self = *this;
    Fields(self, out);
  }

 private:
  friend Status ReadJsonText(std::string_view, const std::function<void(const FieldReader&)>&);

  FieldReader(const nlohmann::json* value, const FieldReader* parent, std::string_view name,
              std::size_t index, std::optional<Error>* first_error)
      : value_(value), parent_(parent), name_(name), index_(index), first_error_(first_error) {}

  bool absent() const { return value_ == nullptr; }
  FieldReader Child(std::string_view name) const;
  bool IsObject() const;
  std::size_t ArraySize() const;
  std::size_t IndexIn(std::span<const std::string_view> names) const;
  std::int64_t Signed(std::int64_t least, std::int64_t most) const;
  std::uint64_t Unsigned(std::uint64_t most) const;
  void ForEachElement(const std::function<void(const FieldReader&)>& visit) const;
  void ForEachMember(
      const std::function<void(const std::string&, const FieldReader&)>& visit) const;
  std::string Path() const;

  const nlohmann::json* value_;
  const FieldReader* parent_;
  std::string_view name_;  // member name; empty: an element of an array
  std::size_t index_;
  std::optional<Error>* first_error_;
};

// In a Fields function: T is the struct S, const or not.
template <class T, class S>
concept Is = std::is_same_v<std::remove_const_t<T>, S>;

// Parses `text` and calls `read` with the root.
// Errors: kInvalidSpec for malformed JSON (with line and column), for nesting beyond 64 levels, for
// text larger than kMaxFileBytes, and for the first value that `read` found wrong.
Status ReadJsonText(std::string_view text, const std::function<void(const FieldReader&)>& read);

template <class T>
Result<T> ReadJson(std::string_view text) {
  T out{};
  CAISSON_TRY(ReadJsonText(text, [&](const FieldReader& root) { root.Into(out); }));
  return out;
}

}  // namespace caisson::spec
