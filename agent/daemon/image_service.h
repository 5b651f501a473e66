// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/services.h"
#include "agent/image/store.h"

namespace caisson::daemon {

// The node's images as the API wants them. Thread-safe.
class StoreImageService final : public api::ImageService {
 public:
  // `images` must outlive this object.
  explicit StoreImageService(image::Store& images) : images_(images) {}

  Result<std::vector<api::ImageInfo>> ImportPath(const std::string& path,
                                                 const std::string& name) override;
  Result<std::vector<api::ImageInfo>> ImportArchive(const UniqueFd& archive,
                                                    const std::string& name) override;
  Result<std::vector<api::ImageInfo>> List() override;
  Status Remove(const std::string& reference) override;

 private:
  image::Store& images_;
};

}  // namespace caisson::daemon
