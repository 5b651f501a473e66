// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/pod_spec/document.h"

namespace caisson::pod_spec {

// Builds a document from a stream of events, with the bounds of document.h and a note of duplicate
// keys. Both parsers feed it. Every call returns false once a bound is broken; `error` says which.
// Thread-compatible: one owner at a time.
class DocumentBuilder {
 public:
  DocumentBuilder();

  bool Value(nlohmann::json value);  // a scalar, or a whole tree that an alias stands for
  bool StartObject();
  bool StartList();
  bool Key(std::string name);
  bool End();
  // Counts the nodes of a tree that is kept beside the document (an anchor's).
  bool Charge(const nlohmann::json& tree);

  const std::optional<std::string>& error() const { return error_; }
  std::size_t depth() const { return open_.size(); }
  // The container that is open now; null outside of all.
  const nlohmann::json* innermost() const { return open_.empty() ? nullptr : open_.back().value; }
  ParsedDocument Finish();

 private:
  struct Level {
    nlohmann::json* value;
    std::string key;  // of an object: the key whose value comes next
  };
  nlohmann::json* Place(nlohmann::json value);
  std::string Path() const;
  bool Fail(std::string what);

  std::shared_ptr<nlohmann::json> root_;
  std::vector<Level> open_;
  std::vector<std::string> duplicates_;
  std::size_t nodes_ = 0;
  std::optional<std::string> error_;
};

}  // namespace caisson::pod_spec
