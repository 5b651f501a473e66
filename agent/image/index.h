// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/image.h"
#include "runtime/base/error.h"

namespace caisson::image {

// What the store knows, kept as one file: it is replaced whole, so that images, names and layers
// never disagree.
struct LayerRecord {
  std::string chain_id;
  std::string diff_id;
  std::uint64_t size_bytes = 0;
};
struct Index {
  std::vector<Image> images;
  std::vector<LayerRecord> layers;

  Image* FindById(std::string_view id);
  const LayerRecord* FindLayer(std::string_view chain_id) const;
  // The name goes to this image and away from any other. Images are not removed by losing a name.
  void GiveName(const std::string& id, const std::string& reference);
};

std::string ToJson(const Index& index);
// Errors: kInvalidSpec naming the member; kUnsupported for a newer schema.
Result<Index> ParseIndex(std::string_view json);

}  // namespace caisson::image
