// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/store/object.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::store {

// The store's files:
//   objects/<resource>/<namespace>/<name>.json   desired state, fsynced
//   status/<resource>/<namespace>/<name>.json    {"uid", "status"}: renamed only
//   resource-version                             no version above it has been given out
// Thread-safe as long as no two calls are for the same key.
class Disk {
 public:
  // Makes the directories, 0700: Secrets lie below.
  static Result<Disk> Open(const std::string& data_dir);

  Status WriteObject(const Key& key, const nlohmann::json& desired) const;
  Status WriteStatus(const Key& key, const std::string& uid, const nlohmann::json& status) const;
  // Removes both; absent files are success.
  Status Remove(const Key& key) const;

  // Calls `load` with every object of a kind; one that cannot be read is set aside with a warning.
  Status LoadAll(Kind kind, const std::function<Status(nlohmann::json document)>& load) const;

  Result<std::uint64_t> ReadVersionLimit() const;
  Status WriteVersionLimit(std::uint64_t limit) const;

 private:
  Disk(std::string path, UniqueFd root) : path_(std::move(path)), root_(std::move(root)) {}
  Status LoadOne(Kind kind, const std::string& folder, const std::string& file,
                 const std::function<Status(nlohmann::json document)>& load) const;

  std::string path_;
  UniqueFd root_;
};

}  // namespace caisson::store
