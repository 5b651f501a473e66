// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/document_builder.h"

#include <nlohmann/json.hpp>

namespace caisson::pod_spec {

using nlohmann::json;

namespace {

// An alias's tree is no deeper than kMaxDepth: it was built under the same bound.
std::size_t CountNodes(const json& value) {
  std::size_t nodes = 1;
  if (value.is_structured()) {
    for (const json& child : value) nodes += CountNodes(child);
  }
  return nodes;
}

std::size_t DepthOf(const json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const json& child : value) deepest = std::max(deepest, DepthOf(child));
  return deepest + 1;
}

}  // namespace

DocumentBuilder::DocumentBuilder() : root_(std::make_shared<json>()) {}

bool DocumentBuilder::Fail(std::string what) {
  if (!error_) error_ = std::move(what);
  return false;
}

std::string DocumentBuilder::Path() const {
  std::string path;
  for (const Level& level : open_) {
    if (level.value->is_array()) {
      path += StrCat("[", level.value->size() - 1, "]");  // the item that is open
    } else {
      path += StrCat(path.empty() ? "" : ".", level.key);
    }
  }
  return path;
}

json* DocumentBuilder::Place(json value) {
  if (++nodes_ > kMaxNodes) {
    Fail(StrCat("more than ", kMaxNodes, " values"));
    return nullptr;
  }
  if (open_.empty()) {
    *root_ = std::move(value);
    return root_.get();
  }
  Level& level = open_.back();
  if (level.value->is_array()) {
    level.value->push_back(std::move(value));
    return &level.value->back();
  }
  json& slot = (*level.value)[level.key];
  slot = std::move(value);
  return &slot;
}

bool DocumentBuilder::Charge(const json& tree) {
  nodes_ += CountNodes(tree);
  return nodes_ <= kMaxNodes || Fail(StrCat("more than ", kMaxNodes, " values"));
}

bool DocumentBuilder::Value(json value) {
  if (value.is_structured()) {
    if (!Charge(value)) return false;
    if (open_.size() + DepthOf(value) > kMaxDepth)
      return Fail(StrCat("nested deeper than ", kMaxDepth, " levels"));
  }
  return Place(std::move(value)) != nullptr;
}

bool DocumentBuilder::StartObject() {
  if (open_.size() == kMaxDepth) return Fail(StrCat("nested deeper than ", kMaxDepth, " levels"));
  json* placed = Place(json::object());
  if (placed == nullptr) return false;
  open_.push_back({placed, {}});
  return true;
}

bool DocumentBuilder::StartList() {
  if (open_.size() == kMaxDepth) return Fail(StrCat("nested deeper than ", kMaxDepth, " levels"));
  json* placed = Place(json::array());
  if (placed == nullptr) return false;
  open_.push_back({placed, {}});
  return true;
}

bool DocumentBuilder::Key(std::string name) {
  Level& level = open_.back();
  level.key = std::move(name);
  if (level.value->contains(level.key) && duplicates_.size() < 16) duplicates_.push_back(Path());
  return true;
}

bool DocumentBuilder::End() {
  open_.pop_back();
  return true;
}

ParsedDocument DocumentBuilder::Finish() { return {std::move(root_), std::move(duplicates_)}; }

}  // namespace caisson::pod_spec
