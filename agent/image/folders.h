// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

// Where things lie in the store's directory:
//   lock                    held while the store is open
//   index.json              images, names, layers
//   blobs/sha256/HEX        manifests and configurations, as they came
//   layers/HEX              a layer's tree, named by its chain id
//   snapshots/KEY/{fs,work} a container's writable layer; snapshots/KEY/image its image
//   tmp/N                   what is being made; emptied when the store is opened
// Thread-safe.
class Folders {
 public:
  explicit Folders(std::string top) : top_(std::move(top)) {}

  // Makes the directories (0700) and empties tmp.
  Status Prepare();

  const std::string& top() const { return top_; }
  std::string Layer(std::string_view chain_id) const;
  std::string Layers() const { return top_ + "/layers"; }
  std::string Snapshots() const { return top_ + "/snapshots"; }
  std::string Snapshot(std::string_view key) const;
  std::string Blobs() const { return top_ + "/blobs/sha256"; }

  // The layers' trees, in the same order.
  std::vector<std::string> LayerPaths(const std::vector<std::string>& chain_ids) const;

 private:
  friend class Scratch;
  std::string top_;
  std::atomic<unsigned> next_scratch_{0};
};

// A new directory under tmp (0700), removed with all it holds.
// Thread-compatible: one owner at a time.
class Scratch {
 public:
  static Result<Scratch> Make(Folders& folders);
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const;

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Makes `directory` with the owner and mode of `like`: the root of an upper layer is the root of
// the whole mount.
Status MakeDirLike(const std::string& directory, const std::string& like);

// Flushes the file system that `directory` lies on, then moves the directory to `to` and makes the
// move itself durable. Errors: kAlreadyExists.
Status Publish(const std::string& directory, const std::string& to);

}  // namespace caisson::image
