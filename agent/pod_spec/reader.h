// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/pod_spec/pod.h"
#include "runtime/base/error.h"

namespace caisson::pod_spec {

// One place in a JSON document that knows its path, for filling structs. Absent and null fields
// leave the target as it is. The first wrong type is kept in the `error` that the root was given;
// what is read after it does not matter. Thread-compatible.
class Reader {
 public:
  Reader(const nlohmann::json& value, std::optional<Error>& error)
      : value_(&value), error_(&error) {}

  // The field's own reader; not present() when the field is absent or null.
  Reader Field(std::string_view name) const;
  bool present() const { return value_ != nullptr; }

  void Get(std::string_view name, std::string& out) const { Field(name).Read(out); }
  template <class T>
  void Get(std::string_view name, T& out) const {
    const Reader field = Field(name);
    if (field.present()) field.ReadInto(out);
  }
  // A string out of a list of names; the target is a scoped enum numbered like the list.
  template <class Enum>
  void GetEnum(std::string_view name, Enum& out, const std::vector<std::string_view>& names) const {
    std::string text;
    const Reader field = Field(name);
    if (!field.present()) return;
    field.Read(text);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == text) {
        out = static_cast<Enum>(i);
        return;
      }
    }
    field.Fail(StrCat("unknown value \"", text, "\""));
  }

  void Read(std::string& out) const;
  void Read(bool& out) const;
  void Read(std::int32_t& out) const;
  void Read(std::int64_t& out) const;
  void Read(Quantity& out) const;
  void Read(PortRef& out) const;
  void Read(Time& out) const;
  void Fail(std::string_view what) const;
  std::vector<std::string> Keys() const;

 private:
  Reader(const Reader* parent, std::string_view name, std::size_t index,
         const nlohmann::json* value)
      : parent_(parent), name_(name), index_(index), value_(value), error_(parent->error_) {}

  std::size_t ListSize() const;
  Reader Item(std::size_t index) const;
  std::string Path() const;

  template <class T>
  void ReadInto(T& out) const {
    if constexpr (requires { Read(out); }) {
      Read(out);
    } else {
      Decode(*this, out);  // found by argument-dependent lookup, beside the struct
    }
  }
  template <class T>
  void ReadInto(std::optional<T>& out) const {
    ReadInto(out.emplace());
  }
  template <class T>
  void ReadInto(std::vector<T>& out) const {
    const std::size_t size = ListSize();
    out.resize(size);
    for (std::size_t i = 0; i < size; ++i) Item(i).ReadInto(out[i]);
  }
  template <class T>
  void ReadInto(std::map<std::string, T>& out) const {
    for (std::string& key : Keys()) Field(key).ReadInto(out[key]);
  }

  const Reader* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  const nlohmann::json* value_;
  std::optional<Error>* error_;
};

// Fill one struct from its object; each next to the structs that it fills.
void Decode(const Reader& from, Container& out);
void Decode(const Reader& from, SeLinuxOptions& out);
void Decode(const Reader& from, SeccompProfile& out);
void Decode(const Reader& from, AppArmorProfile& out);
void Decode(const Reader& from, ResourceRequirements& out);
void Decode(const Reader& from, ObjectFieldSelector& out);
void Decode(const Reader& from, ResourceFieldSelector& out);
void Decode(const Reader& from, Volume& out);
void Decode(const Reader& from, ObjectMeta& out);
void Decode(const Reader& from, PodSpec& out);

}  // namespace caisson::pod_spec
