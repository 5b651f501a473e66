// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/reader.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace caisson::pod_spec {

using nlohmann::json;

Reader Reader::Field(std::string_view name) const {
  const json* found = nullptr;
  if (value_ != nullptr && value_->is_object()) {
    const auto at = value_->find(std::string(name));
    if (at != value_->end() && !at->is_null()) found = &*at;
  } else if (value_ != nullptr) {
    Fail("expected an object");
  }
  return Reader(this, name, 0, found);
}

Reader Reader::Item(std::size_t index) const { return Reader(this, {}, index, &(*value_)[index]); }

std::size_t Reader::ListSize() const {
  if (value_->is_array()) return value_->size();
  Fail("expected a list");
  return 0;
}

std::vector<std::string> Reader::Keys() const {
  std::vector<std::string> keys;
  if (!value_->is_object()) {
    Fail("expected an object");
    return keys;
  }
  for (const auto& [key, unused] : value_->items()) keys.push_back(key);
  return keys;
}

std::string Reader::Path() const {
  if (parent_ == nullptr) return {};
  std::string path = parent_->Path();
  if (name_.empty()) return StrCat(path, "[", index_, "]");
  return path.empty() ? std::string(name_) : StrCat(path, ".", name_);
}

void Reader::Fail(std::string_view what) const {
  if (!error_->has_value()) error_->emplace(Error(Code::kInvalidSpec, StrCat(Path(), ": ", what)));
}

void Reader::Read(std::string& out) const {
  if (value_ == nullptr) return;
  if (!value_->is_string()) return Fail("expected a string");
  out = value_->get_ref<const std::string&>();
}

void Reader::Read(bool& out) const {
  if (!value_->is_boolean()) return Fail("expected true or false");
  out = value_->get<bool>();
}

void Reader::Read(std::int64_t& out) const {
  if (!value_->is_number_integer()) return Fail("expected a whole number");
  out = value_->get<std::int64_t>();
}

void Reader::Read(std::int32_t& out) const {
  std::int64_t wide = 0;
  Read(wide);
  if (wide < std::numeric_limits<std::int32_t>::min() ||
      wide > std::numeric_limits<std::int32_t>::max())
    return Fail("out of the range of 32 bits");
  out = static_cast<std::int32_t>(wide);
}

void Reader::Read(Quantity& out) const {
  const std::string text = value_->is_string() ? value_->get<std::string>() : value_->dump();
  auto parsed = Quantity::Parse(text);
  if (!parsed) return Fail(parsed.error().message());
  out = *parsed;
}

void Reader::Read(PortRef& out) const {
  if (value_->is_string()) return Read(out.name);
  Read(out.number);
}

void Reader::Read(Time& out) const {
  std::string text;
  Read(text);
  const auto parsed = ParseTime(text);
  if (!parsed) return Fail("expected an RFC 3339 time");
  out = *parsed;
}

}  // namespace caisson::pod_spec
