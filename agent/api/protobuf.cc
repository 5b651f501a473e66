// SPDX-License-Identifier: Apache-2.0
#include "agent/api/protobuf.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/pod_spec/base64.h"

namespace caisson::api {
namespace {

using nlohmann::json;

enum class Wire { kText, kNumber, kBool, kMessage, kTextMap, kBytesMap };

struct Field {
  std::string_view message;
  std::uint64_t number;
  const char* name;
  Wire wire;
  std::string_view type;  // of a kMessage
};

// Fields that are not listed are skipped: the object stays valid, only poorer.
constexpr Field kFields[] = {
    {"Namespace", 1, "metadata", Wire::kMessage, "ObjectMeta"},
    {"ConfigMap", 1, "metadata", Wire::kMessage, "ObjectMeta"},
    {"ConfigMap", 2, "data", Wire::kTextMap, ""},
    {"ConfigMap", 3, "binaryData", Wire::kBytesMap, ""},
    {"ConfigMap", 4, "immutable", Wire::kBool, ""},
    {"Secret", 1, "metadata", Wire::kMessage, "ObjectMeta"},
    {"Secret", 2, "data", Wire::kBytesMap, ""},
    {"Secret", 3, "type", Wire::kText, ""},
    {"Secret", 4, "stringData", Wire::kTextMap, ""},
    {"Secret", 5, "immutable", Wire::kBool, ""},
    {"ObjectMeta", 1, "name", Wire::kText, ""},
    {"ObjectMeta", 2, "generateName", Wire::kText, ""},
    {"ObjectMeta", 3, "namespace", Wire::kText, ""},
    {"ObjectMeta", 11, "labels", Wire::kTextMap, ""},
    {"ObjectMeta", 12, "annotations", Wire::kTextMap, ""},
    {"SelfSubjectAccessReview", 1, "metadata", Wire::kMessage, "ObjectMeta"},
    {"SelfSubjectAccessReview", 2, "spec", Wire::kMessage, "SelfSubjectAccessReviewSpec"},
    {"SelfSubjectAccessReviewSpec", 1, "resourceAttributes", Wire::kMessage, "ResourceAttributes"},
    {"ResourceAttributes", 1, "namespace", Wire::kText, ""},
    {"ResourceAttributes", 2, "verb", Wire::kText, ""},
    {"ResourceAttributes", 3, "group", Wire::kText, ""},
    {"ResourceAttributes", 4, "version", Wire::kText, ""},
    {"ResourceAttributes", 5, "resource", Wire::kText, ""},
    {"ResourceAttributes", 6, "subresource", Wire::kText, ""},
    {"ResourceAttributes", 7, "name", Wire::kText, ""},
    {"SelfSubjectReview", 1, "metadata", Wire::kMessage, "ObjectMeta"},
    {"DeleteOptions", 1, "gracePeriodSeconds", Wire::kNumber, ""},
    {"DeleteOptions", 2, "preconditions", Wire::kMessage, "Preconditions"},
    {"DeleteOptions", 4, "propagationPolicy", Wire::kText, ""},
    {"Preconditions", 1, "uid", Wire::kText, ""},
};
constexpr std::string_view kTopLevel[] = {
    "Namespace",         "ConfigMap",    "Secret", "SelfSubjectAccessReview",
    "SelfSubjectReview", "DeleteOptions"};

// Reads fields off the front of a message. Source: protobuf.dev, "Encoding".
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  struct Item {
    std::uint64_t number = 0;
    std::uint64_t value = 0;  // of a varint
    std::string_view bytes;   // of a length-delimited field
    bool is_bytes = false;
  };
  // Nothing at the end, or when the message is broken (then `broken`).
  std::optional<Item> Next() {
    if (rest_.empty() || broken) return std::nullopt;
    Item item;
    const std::uint64_t tag = Varint();
    item.number = tag >> 3;
    switch (tag & 7U) {
      case 0: item.value = Varint(); break;
      case 1: Skip(8); break;
      case 2:
        item.bytes = Skip(Varint());
        item.is_bytes = true;
        break;
      case 5: Skip(4); break;
      default: broken = true;
    }
    if (broken) return std::nullopt;
    return item;
  }

  bool broken = false;

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    broken = true;
    return 0;
  }
  std::string_view Skip(std::uint64_t size) {
    if (size > rest_.size()) {
      broken = true;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::string_view rest_;
};

std::optional<std::pair<std::string, std::string>> MapEntry(std::string_view bytes) {
  WireReader reader(bytes);
  std::pair<std::string, std::string> entry;
  while (const auto item = reader.Next()) {
    if (item->number == 1) entry.first = item->bytes;
    if (item->number == 2) entry.second = item->bytes;
  }
  if (reader.broken) return std::nullopt;
  return entry;
}

const Field* Find(std::string_view message, std::uint64_t number) {
  for (const Field& field : kFields) {
    if (field.message == message && field.number == number) return &field;
  }
  return nullptr;
}

// The types nest at most four deep, as the table shows.
bool DecodeMessage(std::string_view bytes, std::string_view message, json& out) {
  WireReader reader(bytes);
  while (const auto item = reader.Next()) {
    const Field* field = Find(message, item->number);
    if (field == nullptr) continue;
    switch (field->wire) {
      case Wire::kText:  // an empty one is how protobuf writes an absent one
        if (!item->bytes.empty()) out[field->name] = std::string(item->bytes);
        break;
      case Wire::kNumber: out[field->name] = static_cast<std::int64_t>(item->value); break;
      case Wire::kBool: out[field->name] = item->value != 0; break;
      case Wire::kMessage:
        if (!DecodeMessage(item->bytes, field->type, out[field->name])) return false;
        break;
      case Wire::kTextMap:
      case Wire::kBytesMap: {
        const auto entry = MapEntry(item->bytes);
        if (!entry) return false;
        out[field->name][entry->first] =
            field->wire == Wire::kBytesMap ? pod_spec::EncodeBase64(entry->second) : entry->second;
        break;
      }
    }
  }
  return !reader.broken;
}

Error Broken() { return Error(Code::kInvalidSpec, "request body: broken protobuf message"); }

}  // namespace

Result<json> DecodeProtobuf(std::string_view bytes) {
  constexpr std::string_view kMagic("k8s\0", 4);
  if (!bytes.starts_with(kMagic)) return Broken();
  WireReader envelope(bytes.substr(kMagic.size()));
  json out = json::object();
  std::string_view raw;
  while (const auto item = envelope.Next()) {
    if (item->number == 2) raw = item->bytes;
    if (item->number != 1) continue;
    WireReader type(item->bytes);
    while (const auto part = type.Next()) {
      if (part->number == 1) out["apiVersion"] = std::string(part->bytes);
      if (part->number == 2) out["kind"] = std::string(part->bytes);
    }
    if (type.broken) return Broken();
  }
  if (envelope.broken) return Broken();
  const std::string kind = out.value("kind", "");
  for (const std::string_view known : kTopLevel) {
    if (known != kind) continue;
    if (!DecodeMessage(raw, known, out)) return Broken();
    return out;
  }
  return Error(Code::kUnsupported, StrCat("request body: a ", kind, " is not read from protobuf"))
      .Hint("send JSON or YAML");
}

}  // namespace caisson::api
