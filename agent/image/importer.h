// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/image/folders.h"
#include "agent/image/index.h"
#include "agent/image/reference.h"
#include "agent/image/source.h"
#include "runtime/base/error.h"

namespace caisson::image {

// An image with its layers in the store, not yet in the index.
struct Imported {
  Image image;
  std::vector<LayerRecord> layers;
};

// Looks up a layer that the store has.
using FindLayer = std::function<const LayerRecord*(const std::string& chain_id)>;

// What Store::Import does up to the index. Errors: those of Store::Import.
Result<std::vector<Imported>> ImportPath(Folders& folders, const std::string& path,
                                         const std::optional<Reference>& name,
                                         const FindLayer& find_layer);

// What Store::ImportRootfs does up to the index.
Result<Imported> ImportRootfsPath(Folders& folders, const std::string& path, const Reference& name,
                                  const ImageConfig& config);

}  // namespace caisson::image
