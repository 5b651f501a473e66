// SPDX-License-Identifier: Apache-2.0
#include "agent/image/index.h"

#include <algorithm>

#include "agent/image/image_fields.h"
#include "agent/image/reference.h"
#include "runtime/base/strings.h"
#include "runtime/spec/field_writer.h"

namespace caisson::image {
namespace {

constexpr std::int32_t kSchema = 1;

struct Document {
  std::int32_t schema = 0;
  Index index;
};

}  // namespace

template <class V>
void Fields(V& v, spec::Is<LayerRecord> auto& layer) {
  v.Required("chainId", layer.chain_id);
  v.Required("diffId", layer.diff_id);
  v.Required("size", layer.size_bytes);
}

template <class V>
void Fields(V& v, spec::Is<Image> auto& image) {
  v.Required("id", image.id);
  v.Required("manifest", image.manifest_digest);
  v.Optional("references", image.references);
  v.Required("os", image.os);
  v.Required("architecture", image.architecture);
  v.Optional("created", image.created);
  v.Required("size", image.size_bytes);
  v.Required("layers", image.chain_ids);
  v.Optional("config", image.config);
}

namespace {

template <class V>
void Fields(V& v, spec::Is<Document> auto& document) {
  v.Required("schema", document.schema);
  v.Required("images", document.index.images);
  v.Required("layers", document.index.layers);
}

}  // namespace

Image* Index::FindById(std::string_view id) {
  const auto found = std::find_if(images.begin(), images.end(),
                                  [&](const Image& image) { return image.id == id; });
  return found == images.end() ? nullptr : &*found;
}

const LayerRecord* Index::FindLayer(std::string_view chain_id) const {
  const auto found = std::find_if(layers.begin(), layers.end(), [&](const LayerRecord& layer) {
    return layer.chain_id == chain_id;
  });
  return found == layers.end() ? nullptr : &*found;
}

void Index::GiveName(const std::string& id, const std::string& reference) {
  for (Image& image : images) {
    std::erase(image.references, reference);
    if (image.id != id) continue;
    image.references.push_back(reference);
    std::sort(image.references.begin(), image.references.end());
  }
}

std::string ToJson(const Index& index) {
  return spec::WriteJson(Document{.schema = kSchema, .index = index}, " ");
}

Result<Index> ParseIndex(std::string_view json) {
  CAISSON_ASSIGN(Document document, spec::ReadJson<Document>(json));
  if (document.schema != kSchema)
    return Error(Code::kUnsupported,
                 StrCat("has schema ", document.schema, ", this agent reads ", kSchema));
  // What is read here becomes names of directories.
  for (const LayerRecord& layer : document.index.layers)
    if (!IsDigest(layer.chain_id))
      return Error(Code::kInvalidSpec, StrCat("layers: \"", layer.chain_id, "\" is not a digest"));
  for (const Image& image : document.index.images)
    for (const std::string& chain_id : image.chain_ids)
      if (document.index.FindLayer(chain_id) == nullptr)
        return Error(Code::kInvalidSpec,
                     StrCat("image ", image.id, ": layer ", chain_id, " is not listed"));
  return std::move(document.index);
}

std::vector<std::string> Image::RepoDigests() const {
  std::vector<std::string> out;
  for (const std::string& name : references) {
    const auto reference = ParseReference(name);
    if (!reference) continue;
    out.push_back(StrCat(reference->registry, "/", reference->repository, "@", manifest_digest));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace caisson::image
