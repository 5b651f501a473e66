// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/document.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/document_builder.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

// The library's event interface onto the builder. Returning false ends the parse.
class JsonEvents : public nlohmann::json_sax<json> {
 public:
  bool null() override { return builder.Value(nullptr); }
  bool boolean(bool value) override { return builder.Value(value); }
  bool number_integer(number_integer_t value) override { return builder.Value(value); }
  bool number_unsigned(number_unsigned_t value) override { return builder.Value(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return builder.Value(value);
  }
  bool string(string_t& value) override { return builder.Value(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }  // no such thing in JSON text
  bool start_object(std::size_t /*elements*/) override { return builder.StartObject(); }
  bool start_array(std::size_t /*elements*/) override { return builder.StartList(); }
  bool key(string_t& name) override { return builder.Key(std::move(name)); }
  bool end_object() override { return builder.End(); }
  bool end_array() override { return builder.End(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const json::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..."
    const std::string_view text = exception.what();
    const auto start = text.find("at line");
    syntax_error = start == std::string_view::npos ? text : text.substr(start);
    return false;
  }

  DocumentBuilder builder;
  std::string syntax_error;
};

}  // namespace

Result<ParsedDocument> ParseJson(std::string_view text) {
  JsonEvents events;
  const bool parsed = json::sax_parse(text.begin(), text.end(), &events);
  if (events.builder.error())
    return Error(Code::kInvalidSpec, StrCat("JSON is ", *events.builder.error()));
  if (!parsed) return Error(Code::kInvalidSpec, StrCat("malformed JSON ", events.syntax_error));
  return events.builder.Finish();
}

}  // namespace caisson::pod_spec
