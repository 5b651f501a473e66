// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/image/folders.h"
#include "agent/image/index.h"
#include "agent/image/layer_stream.h"
#include "runtime/base/error.h"

namespace caisson::image {

struct LayerOrder {
  std::vector<std::string> parents;  // chain ids of the layers below, lowest first
  std::string diff_id;               // what the contents must have; empty: whatever they have
  std::string file_digest;           // what the file must have; empty: not known
};

// Unpacks a layer on top of its parents and puts it into the store; one that is there already is
// not touched. It is unpacked on an overlay of its parents, so that symlinks of a lower layer lead
// where they lead in the image and hard links find their targets; what the overlay wrote is the
// layer.
// Errors: kInvalidSpec for contents that do not fit their digests, and those of Unpack.
Result<LayerRecord> MakeLayer(Folders& folders, const LayerOrder& order,
                              std::unique_ptr<LayerStream> stream);

}  // namespace caisson::image
