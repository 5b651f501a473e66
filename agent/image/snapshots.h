// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/image/folders.h"
#include "agent/image/image.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

struct SnapshotRecord {
  std::string image_id;
  std::vector<std::string> chain_ids;
};

// The writable layers of containers, each with the image that it stands on.
// Thread-safe.
class Snapshots {
 public:
  explicit Snapshots(Folders& folders) : folders_(folders) {}

  // Reads what is there. One without a readable record is removed: it was never finished.
  Status Load();

  Status Prepare(const std::string& key, const Image& image);
  Result<UniqueFd> Mount(const std::string& key) const;
  Status Remove(const std::string& key);

  std::vector<std::string> Keys() const;
  // Which snapshot stands on the image; empty: none.
  std::string UserOf(const std::string& image_id) const;
  bool UsesLayer(const std::string& chain_id) const;

 private:
  Folders& folders_;
  mutable std::mutex mutex_;
  std::map<std::string, SnapshotRecord> records_;  // guarded by mutex_
};

}  // namespace caisson::image
