// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/image/manifest.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

// An image that is there to be imported: its documents are read and checked, its layers are not
// yet.
struct SourceLayer {
  std::string path;    // below the source's root
  std::string digest;  // of the file; empty: the source does not tell
};
struct SourceImage {
  std::vector<std::string> names;  // as the source gives them
  std::string config_json;
  std::string config_digest;
  std::string manifest_json;    // empty: the source has none
  std::string manifest_digest;  // empty: the source has none
  ConfigDocument config;
  std::vector<SourceLayer> layers;  // as many as config.diff_ids
};

// Reads what a directory offers: an OCI layout ("oci-layout", "index.json", blobs), or the contents
// of a docker archive ("manifest.json"). An archive that has both is read as a layout. All paths
// are resolved inside `root`; documents are checked by digest and size. Errors: kInvalidSpec naming
// the document; kNotFound for a platform; kUnsupported. Source: image-spec, image-layout.md.
Result<std::vector<SourceImage>> ReadSource(FdView root, const Platform& host);

// A regular file of the source. Errors: kInvalidSpec when it is something else.
Result<UniqueFd> OpenSourceFile(FdView root, const std::string& path);

}  // namespace caisson::image
