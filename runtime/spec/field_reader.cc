// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec/field_reader.h"

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/strings.h"

namespace caisson::spec {
namespace {

using nlohmann::json;

constexpr int kMaxNesting = 64;
constexpr std::string_view kRoot = "$";

// Looked at before the parser builds a tree: nothing that we read is nested deeper, and a tree of a
// million levels costs memory without end.
Status CheckNesting(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxNesting)
        return Error(Code::kInvalidSpec,
                     StrCat("JSON is nested deeper than ", kMaxNesting, " levels"));
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return Ok();
}

// nlohmann's text is "[json.exception.parse_error.101] parse error at line 1, column 2: ...".
std::string WithoutTag(std::string_view what) {
  const auto end = what.find("] ");
  return std::string(end == std::string_view::npos ? what : what.substr(end + 2));
}

// The text of a wrong value, short enough for a message.
std::string Shown(const json& value) {
  std::string text = value.is_structured()
                         ? std::string(value.type_name())
                         : value.dump(-1, ' ', false, json::error_handler_t::replace);
  constexpr std::size_t kMaxShown = 60;
  if (text.size() > kMaxShown) text.replace(kMaxShown, std::string::npos, "...");
  return text;
}

}  // namespace

Status ReadJsonText(std::string_view text, const std::function<void(const FieldReader&)>& read) {
  if (text.size() > kMaxFileBytes)
    return Error(Code::kInvalidSpec, StrCat("JSON is larger than ", kMaxFileBytes, " bytes"));
  CAISSON_TRY(CheckNesting(text));
  json document;
  try {
    document = json::parse(text.begin(), text.end());
  } catch (const json::exception& error) {
    return Error(Code::kInvalidSpec, WithoutTag(error.what()));
  }
  std::optional<Error> first_error;
  read(FieldReader(&document, nullptr, kRoot, 0, &first_error));
  if (first_error) return *std::move(first_error);
  return Ok();
}

namespace {

bool SameButForCase(std::string_view a, std::string_view b) {
  const auto equal = [](char x, char y) {
    return x == y || ((x ^ y) == 0x20 && (x | 0x20) >= 'a' && (x | 0x20) <= 'z');
  };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal);
}

// Go's reader takes "pagesize" for pageSize, so configurations with such spellings are about.
json::const_iterator FindMember(const json& object, std::string_view name) {
  const auto exact = object.find(name);
  if (exact != object.end() || !object.is_object()) return exact;
  for (auto member = object.begin(); member != object.end(); ++member)
    if (SameButForCase(member.key(), name)) return member;
  return object.end();
}

}  // namespace

FieldReader FieldReader::Child(std::string_view name) const {
  const auto member = FindMember(*value_, name);
  const bool there = member != value_->end() && !member->is_null();
  return FieldReader(there ? &*member : nullptr, this, name, 0, first_error_);
}

std::string FieldReader::Path() const {
  if (parent_ == nullptr) return std::string();
  std::string path = parent_->Path();
  if (name_.empty()) return StrCat(path, "[", index_, "]");
  return path.empty() ? std::string(name_) : StrCat(path, ".", name_);
}

void FieldReader::Fail(std::string_view why) const {
  if (first_error_->has_value()) return;
  const std::string path = Path();
  first_error_->emplace(Code::kInvalidSpec,
                        path.empty() ? StrCat("the document ", why) : StrCat(path, ": ", why));
}

bool FieldReader::IsObject() const { return value_->is_object(); }

void FieldReader::Into(std::string& out) const {
  const auto* const text = value_->get_ptr<const std::string*>();
  if (text == nullptr) return Fail(StrCat("must be a string, not ", Shown(*value_)));
  // The kernel's strings end at the first one, so what is checked would not be what is used.
  if (text->find('\0') != std::string::npos) return Fail("must not contain a NUL byte");
  out = *text;
}

void FieldReader::Into(bool& out) const {
  const auto* const value = value_->get_ptr<const bool*>();
  if (value == nullptr) return Fail(StrCat("must be true or false, not ", Shown(*value_)));
  out = *value;
}

std::int64_t FieldReader::Signed(std::int64_t least, std::int64_t most) const {
  if (!value_->is_number()) {
    Fail(StrCat("must be a number, not ", Shown(*value_)));
    return 0;
  }
  const bool is_unsigned = value_->is_number_unsigned();
  const bool fits_int64 =
      value_->is_number_integer() &&
      (!is_unsigned || value_->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  const std::int64_t value = fits_int64 ? value_->get<std::int64_t>() : 0;
  if (!fits_int64 || value < least || value > most)
    Fail(StrCat("must be a whole number from ", least, " to ", most, ", not ", Shown(*value_)));
  return value;
}

std::uint64_t FieldReader::Unsigned(std::uint64_t most) const {
  if (!value_->is_number()) {
    Fail(StrCat("must be a number, not ", Shown(*value_)));
    return 0;
  }
  // A tree that was built by hand may hold a positive number as a signed one.
  const bool fits = value_->is_number_integer() &&
                    (value_->is_number_unsigned() || value_->get<std::int64_t>() >= 0);
  const std::uint64_t value = fits ? value_->get<std::uint64_t>() : 0;
  if (!fits || value > most)
    Fail(StrCat("must be a whole number from 0 to ", most, ", not ", Shown(*value_)));
  return value;
}

void FieldReader::Letter(std::string_view name, char& out, std::string_view letters) {
  const FieldReader child = Child(name);
  if (child.absent()) return;
  std::string text;
  child.Into(text);
  if (text.size() == 1 && letters.find(text[0]) != std::string_view::npos) {
    out = text[0];
    return;
  }
  std::vector<std::string> quoted;
  for (const char letter : letters) quoted.push_back(StrCat("\"", letter, "\""));
  child.Fail(StrCat("must be one of ", Join(quoted, ", "), ", not ", Shown(*child.value_)));
}

void FieldReader::RequiredLetter(std::string_view name, char& out, std::string_view letters) {
  if (const FieldReader child = Child(name); child.absent()) return child.Fail("is required");
  Letter(name, out, letters);
}

std::size_t FieldReader::IndexIn(std::span<const std::string_view> names) const {
  std::string text;
  Into(text);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return i;
  const std::vector<std::string> known(names.begin(), names.end());
  Fail(StrCat("must be one of ", Join(known, ", "), ", not ", Shown(*value_)));
  return 0;
}

std::size_t FieldReader::ArraySize() const { return value_->is_array() ? value_->size() : 0; }

void FieldReader::ForEachElement(const std::function<void(const FieldReader&)>& visit) const {
  if (!value_->is_array()) return Fail(StrCat("must be a list, not ", Shown(*value_)));
  std::size_t index = 0;
  for (const json& element : *value_) {
    const FieldReader reader(&element, this, {}, index++, first_error_);
    if (element.is_null()) return reader.Fail("must not be null");
    visit(reader);
    if (first_error_->has_value()) return;
  }
}

void FieldReader::ForEachMember(
    const std::function<void(const std::string&, const FieldReader&)>& visit) const {
  if (!value_->is_object()) return Fail(StrCat("must be an object, not ", Shown(*value_)));
  for (const auto& [name, value] : value_->items()) {
    // A name without characters still shows as a member in the path.
    const FieldReader reader(&value, this, name.empty() ? "\"\"" : std::string_view(name), 0,
                             first_error_);
    if (name.find('\0') != std::string::npos) return Fail("has a name with a NUL byte");
    if (value.is_null()) return reader.Fail("must not be null");
    visit(name, reader);
    if (first_error_->has_value()) return;
  }
}

void FieldReader::Raw(std::string_view name, std::string& out) {
  const FieldReader child = Child(name);
  if (!child.absent()) out = child.value_->dump();
}

}  // namespace caisson::spec
