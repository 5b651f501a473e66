// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/api/discovery.h"
#include "agent/api/kinds.h"
#include "agent/pod_spec/schema.h"

namespace caisson::api {
namespace {

using nlohmann::json;
using pod_spec::FieldSchema;
using pod_spec::FieldShape;
using pod_spec::FieldType;

constexpr const char* kSchemaPath = "/openapi/v3/api/v1";

std::string SchemaName(std::string_view type) {
  const bool meta = type == "ObjectMeta" || type == "OwnerReference" || type == "DeleteOptions" ||
                    type == "Preconditions";
  return StrCat(meta ? "io.k8s.apimachinery.pkg.apis.meta.v1." : "io.k8s.api.core.v1.", type);
}

json Value(const FieldSchema& field) {
  switch (field.type) {
    case FieldType::kString: return {{"type", "string"}};
    case FieldType::kBool: return {{"type", "boolean"}};
    case FieldType::kInt32: return {{"type", "integer"}, {"format", "int32"}};
    case FieldType::kInt64: return {{"type", "integer"}, {"format", "int64"}};
    case FieldType::kTime: return {{"type", "string"}, {"format", "date-time"}};
    case FieldType::kQuantity:
    case FieldType::kIntOrName:
      return {{"oneOf", json::array({json{{"type", "string"}}, json{{"type", "number"}}})}};
    case FieldType::kBytes: return {{"type", "string"}, {"format", "byte"}};
    case FieldType::kAny: return json::object();
    case FieldType::kObject: return {{"$ref", "#/components/schemas/" + SchemaName(field.object)}};
  }
  return json::object();
}

json Property(const FieldSchema& field) {
  if (field.shape == FieldShape::kOne) return Value(field);
  if (field.shape == FieldShape::kMap)
    return {{"type", "object"}, {"additionalProperties", Value(field)}};
  json list{{"type", "array"}, {"items", Value(field)}};
  if (!field.merge_key.empty()) {
    list["x-kubernetes-patch-strategy"] = "merge";
    if (field.merge_key != "*") list["x-kubernetes-patch-merge-key"] = field.merge_key;
  }
  return list;
}

json GroupVersionKind(std::string_view kind) {
  return {{"group", ""}, {"version", "v1"}, {"kind", kind}};
}

json Schemas() {
  json schemas = json::object();
  for (const pod_spec::TypeSchema* type : pod_spec::AllTypes()) {
    json properties = json::object();
    for (const FieldSchema& field : type->fields) properties[field.name] = Property(field);
    schemas[SchemaName(type->name)] = {{"type", "object"}, {"properties", std::move(properties)}};
  }
  for (const ServedKind& kind : ServedKinds()) {
    schemas[SchemaName(kind.info().name)]["x-kubernetes-group-version-kind"] =
        json::array({GroupVersionKind(kind.info().name)});
  }
  return schemas;
}

// One operation a kind: kubectl looks for a PATCH that takes fieldValidation.
json PatchOperation(std::string_view kind) {
  const json schema{{"schema", {{"$ref", "#/components/schemas/" + SchemaName(kind)}}}};
  json content = json::object();
  for (const char* type : {"application/json-patch+json", "application/merge-patch+json",
                           "application/strategic-merge-patch+json"})
    content[type] = schema;
  return {
      {"x-kubernetes-action", "patch"},
      {"x-kubernetes-group-version-kind", GroupVersionKind(kind)},
      {"parameters",
       json::array(
           {json{{"name", "fieldValidation"}, {"in", "query"}, {"schema", {{"type", "string"}}}},
            json{{"name", "dryRun"}, {"in", "query"}, {"schema", {{"type", "string"}}}}})},
      {"requestBody", {{"content", std::move(content)}}},
      {"responses",
       {{"200", {{"description", "OK"}, {"content", {{"application/json", schema}}}}}}}};
}

}  // namespace

json OpenApiDocument() {
  json paths = json::object();
  for (const ServedKind& kind : ServedKinds()) {
    const std::string path =
        kind.info().namespaced
            ? StrCat("/api/v1/namespaces/{namespace}/", kind.info().resource, "/{name}")
            : StrCat("/api/v1/", kind.info().resource, "/{name}");
    paths[path]["patch"] = PatchOperation(kind.info().name);
  }
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Caisson"}, {"version", "v1"}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", Schemas()}}}};
}

void AddOpenApiRoutes(Router& router) {
  const std::string document = Dump(OpenApiDocument());
  // Clients keep the document under this name: it changes when the document does.
  const std::size_t hash = std::hash<std::string>()(document);
  const json index{
      {"paths", {{"api/v1", {{"serverRelativeURL", StrCat(kSchemaPath, "?hash=", hash)}}}}}};
  const std::string index_text = Dump(index);
  router.Add("GET", "/openapi/v3", [index_text](const Request&) {
    return Reply{200, "application/json", index_text};
  });
  router.Add("GET", kSchemaPath, [document](const Request&) {
    return Reply{200, "application/json", document};
  });
}

}  // namespace caisson::api
