// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/image_service.h"

#include "runtime/base/path.h"

namespace caisson::daemon {
namespace {

// One line per name; an image without any has one line all the same.
std::vector<api::ImageInfo> Shown(const std::vector<image::Image>& images) {
  std::vector<api::ImageInfo> shown;
  for (const image::Image& image : images) {
    api::ImageInfo info{.id = image.id,
                        .digest = image.manifest_digest,
                        .size_bytes = static_cast<std::int64_t>(image.size_bytes),
                        .created = image.created};
    if (image.references.empty()) shown.push_back(info);
    for (const std::string& reference : image.references) {
      info.name = reference;
      shown.push_back(info);
    }
  }
  return shown;
}

}  // namespace

Result<std::vector<api::ImageInfo>> StoreImageService::ImportPath(const std::string& path,
                                                                  const std::string& name) {
  std::optional<image::Reference> reference;
  if (!name.empty()) {
    CAISSON_ASSIGN(reference, image::ParseReference(name));
  }
  CAISSON_ASSIGN(const auto images, images_.Import(path, reference));
  return Shown(images);
}

Result<std::vector<api::ImageInfo>> StoreImageService::ImportArchive(const UniqueFd& archive,
                                                                     const std::string& name) {
  return ImportPath(FdPath(archive), name);
}

Result<std::vector<api::ImageInfo>> StoreImageService::List() { return Shown(images_.List()); }

Status StoreImageService::Remove(const std::string& reference) { return images_.Remove(reference); }

}  // namespace caisson::daemon
