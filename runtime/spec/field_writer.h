// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime/base/log.h"
#include "runtime/base/strings.h"
#include "runtime/spec/field_reader.h"

namespace caisson::spec {

// Writes what the Fields functions describe (see FieldReader) as JSON, members in their order. An
// optional member that is empty, false, or an object without members is left out.
// Thread-compatible: lives on the stack of one call.
class FieldWriter {
 public:
  // `indent` is one level's white space; empty: everything on one line.
  FieldWriter(std::string& out, std::string_view indent) : out_(out), indent_(indent) {}

  template <class T>
  void Required(std::string_view name, const T& value) {
    Name(name);
    Value(value);
  }
  template <class T>
  void Optional(std::string_view name, const T& value) {
    const std::size_t start = out_.size();
    const bool was_first = first_;
    Name(name);
    if (Value(value)) return;
    out_.resize(start);
    first_ = was_first;
  }
  void Letter(std::string_view name, char value, std::string_view /*letters*/) {
    Required(name, std::string(1, value));
  }
  void RequiredLetter(std::string_view name, char value, std::string_view letters) {
    Letter(name, value, letters);
  }
  template <class E>
  void Enum(std::string_view name, const E& value, std::span<const std::string_view> names) {
    Required(name, std::string(names[static_cast<std::size_t>(value)]));
  }
  template <class T>
  void Keyed(std::string_view name, const std::vector<T>& values, std::string T::*key) {
    if (values.empty()) return;
    Name(name);
    Open('{');
    for (const T& value : values) Required(value.*key, value);
    Close('}');
  }
  void Raw(std::string_view name, const std::string& json) {
    if (json.empty()) return;
    Name(name);
    out_ += json;
  }

  // Writes a value; false when it is one that an optional member leaves out.
  bool Value(const std::string& text) {
    out_ += StrCat("\"", JsonEscape(text), "\"");
    return !text.empty();
  }
  bool Value(bool value) {
    out_ += value ? "true" : "false";
    return value;
  }
  template <std::integral T>
  bool Value(T value) {
    out_ += StrCat(value);
    return true;
  }
  template <class T>
  bool Value(const std::optional<T>& value) {
    if (!value) return false;
    (void)Value(*value);
    return true;
  }
  template <class T>
  bool Value(const std::vector<T>& values) {
    Open('[');
    for (const T& value : values) {
      Separate();
      (void)Value(value);
    }
    Close(']');
    return !values.empty();
  }
  template <class T, class C>
  bool Value(const std::map<std::string, T, C>& values) {
    Open('{');
    for (const auto& [name, value] : values) Required(name, value);
    Close('}');
    return !values.empty();
  }
  template <class T>
  requires std::is_class_v<T>
  bool Value(const T& value) {
    Open('{');
    Fields(*this, value);
    const bool has_members = !first_;
    Close('}');
    return has_members;
  }

 private:
  void Name(std::string_view name) {
    Separate();
    out_ += StrCat("\"", JsonEscape(name), indent_.empty() ? "\":" : "\": ");
  }
  void Separate() {
    if (!first_) out_ += ',';
    first_ = false;
    NewLine();
  }
  void NewLine() {
    if (indent_.empty()) return;
    out_ += '\n';
    for (int i = 0; i < depth_; ++i) out_ += indent_;
  }
  void Open(char bracket) {
    out_ += bracket;
    first_ = true;
    ++depth_;
  }
  void Close(char bracket) {
    --depth_;
    if (!first_) NewLine();
    out_ += bracket;
    first_ = false;
  }

  std::string& out_;
  std::string_view indent_;
  int depth_ = 0;
  bool first_ = true;
};

template <class T>
std::string WriteJson(const T& value, std::string_view indent = {}) {
  std::string out;
  FieldWriter writer(out, indent);
  (void)writer.Value(value);
  return out;
}

}  // namespace caisson::spec
