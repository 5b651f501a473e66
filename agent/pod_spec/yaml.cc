// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "agent/pod_spec/document.h"
#include "agent/pod_spec/document_builder.h"
#include "agent/pod_spec/yaml_scalar.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

// Raised inside yaml-cpp's callbacks, which have no other way to end a parse; caught in ParseYaml.
struct Refusal {
  YAML::Mark at;
  std::string what;
};

// yaml-cpp's events onto the builder. A mapping's key and value arrive as plain nodes in turn.
class YamlEvents : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp 0.7 begins document after document where its scanner meets a token that no document
    // can begin with, for ever.
    if (started_at_ && *started_at_ == mark.pos) throw Refusal{mark, "unexpected text"};
    started_at_ = mark.pos;
    builder_ = DocumentBuilder();
    levels_.clear();
    anchors_.clear();
    empty_ = true;
  }
  void OnDocumentEnd() override {
    if (!empty_) documents.push_back(builder_.Finish());
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (IsKey()) return GiveKey("null", mark);
    if (levels_.empty()) return;  // an empty document
    Give(nullptr, anchor, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (IsKey()) return GiveKey(value, mark);
    // "?" is an unquoted scalar, "!" a quoted one.
    if (tag == "?" || tag.empty()) return Give(PlainScalar(value), anchor, mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return Give(value, anchor, mark);
    for (const char* core : {"null", "bool", "int", "float"}) {
      if (tag == StrCat("tag:yaml.org,2002:", core)) return Give(PlainScalar(value), anchor, mark);
    }
    throw Refusal{mark, StrCat("tag \"", tag, "\" is not supported")};
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (IsKey()) throw Refusal{mark, "an alias cannot be a key"};
    const auto at = anchors_.find(anchor);
    if (at == anchors_.end()) throw Refusal{mark, "an alias inside its own anchor"};
    Give(at->second, 0, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, anchor, /*is_map=*/false);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, anchor, /*is_map=*/true);
  }
  void OnMapEnd() override { Close(); }

  std::vector<ParsedDocument> documents;

 private:
  struct Level {
    bool is_map;
    bool wants_key;
    YAML::anchor_t anchor;
    YAML::Mark start;
  };

  bool IsKey() const {
    return !levels_.empty() && levels_.back().is_map && levels_.back().wants_key;
  }

  void Check(bool accepted, const YAML::Mark& mark) const {
    if (!accepted) throw Refusal{mark, StrCat("the document is ", builder_.error().value_or(""))};
  }
  void GiveKey(const std::string& name, const YAML::Mark& mark) {
    Check(builder_.Key(name), mark);
    levels_.back().wants_key = false;
  }
  void Give(json value, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != 0) anchors_[anchor] = value;
    empty_ = false;
    Check(builder_.Value(std::move(value)), mark);
    ValueDone();
  }
  void ValueDone() {
    if (!levels_.empty() && levels_.back().is_map) levels_.back().wants_key = true;
  }
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map) {
    if (IsKey()) throw Refusal{mark, "a key must be a scalar"};
    empty_ = false;
    Check(is_map ? builder_.StartObject() : builder_.StartList(), mark);
    levels_.push_back({is_map, is_map, anchor, mark});
  }
  void Close() {
    const Level level = levels_.back();
    if (level.anchor != 0) {
      Check(builder_.Charge(*builder_.innermost()), level.start);
      anchors_[level.anchor] = *builder_.innermost();
    }
    Check(builder_.End(), level.start);
    levels_.pop_back();
    ValueDone();
  }

  DocumentBuilder builder_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, json> anchors_;
  bool empty_ = true;
  std::optional<int> started_at_;  // of the last document
};

// "<<: *base" and "<<: [*a, *b]" bring in the keys that the mapping itself does not have.
// Source: yaml.org/type/merge.html.
void ApplyMergeKeys(json& value) {
  for (json& child : value) {
    if (child.is_structured()) ApplyMergeKeys(child);
  }
  if (!value.is_object() || !value.contains("<<")) return;
  json sources = std::move(value["<<"]);
  value.erase("<<");
  if (!sources.is_array()) sources = json::array({std::move(sources)});
  for (const json& source : sources) {
    if (source.is_object()) value.insert(source.begin(), source.end());
  }
}

Error YamlError(const YAML::Mark& mark, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("malformed YAML at line ", mark.line + 1, ", column ",
                                          mark.column + 1, ": ", what));
}

}  // namespace

Result<std::vector<ParsedDocument>> ParseYaml(std::string_view text) {
  YamlEvents events;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const Refusal& refusal) {
    return YamlError(refusal.at, refusal.what);
  } catch (const YAML::Exception& exception) {
    return YamlError(exception.mark, exception.msg);
  }
  for (ParsedDocument& document : events.documents) ApplyMergeKeys(*document.value);
  return std::move(events.documents);
}

}  // namespace caisson::pod_spec
