// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/image.h"
#include "agent/image/reference.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

// The image store of this node: images, their unpacked layers, and the writable layer (snapshot) of
// each container. Everything lies under one directory on one file system and survives a power cut:
// a layer or an image is there whole or not at all. One process at a time.
// Thread-safe.
class Store {
 public:
  // Makes the directory when missing and removes what an interrupted import left.
  // Errors: kWrongState when another process has it open; kInvalidSpec for an index that is broken.
  static Result<std::unique_ptr<Store>> Open(const std::string& directory);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Imports from a path of the host: a directory with an OCI layout, or a file that is an OCI
  // archive or a docker archive (`docker save`), compressed or not. All contents are checked by
  // digest. `name` replaces the names that the source gives; needed when it gives none.
  // Errors: kInvalidSpec saying what is wrong in the source; kNotFound; kSystem.
  Result<std::vector<Image>> Import(const std::string& path,
                                    const std::optional<Reference>& name = std::nullopt);

  // Makes an image of one layer from a root filesystem: a directory of the host, or a tar file.
  Result<Image> ImportRootfs(const std::string& path, const Reference& name,
                             const ImageConfig& config);

  // By reference in any spelling, by id, or by a prefix of at least 4 hexadecimal digits of the id.
  // Errors: kNotFound; kInvalidSpec when the prefix fits more than one.
  Result<Image> Find(std::string_view name) const;
  std::vector<Image> List() const;  // sorted by first reference

  // Gives the image a further name; a name that another image has moves.
  Status Tag(std::string_view name, const Reference& reference);

  // Takes a reference away, and the image with its last one; by id: the image with all of them.
  // Layers that nothing needs any more are removed.
  // Errors: kNotFound; kWrongState naming the snapshot that still uses the image.
  Status Remove(std::string_view name);

  struct Usage {
    std::uint64_t layer_bytes = 0;
    std::size_t images = 0;
    std::size_t snapshots = 0;
  };
  Usage ReadUsage() const;

  // Removes images that no snapshot uses and that `keep` does not name (full references), and
  // layers that no image has. Returns the names of what went.
  Result<std::vector<std::string>> CollectGarbage(const std::vector<std::string>& keep);

  // Makes the writable layer of a container; `key` is a container id. A snapshot that is there
  // already for the same image is taken over with what it holds.
  // Errors: kNotFound for the image; kAlreadyExists when the key is another image's.
  Status PrepareSnapshot(const std::string& key, std::string_view image);

  // The container's root filesystem as a detached overlay mount; it goes when the descriptor and
  // what was attached from it go. Nothing appears in any mount namespace.
  // Errors: kNotFound; kUnsupported when the kernel or the file system cannot.
  // Source: fsopen(2), fsconfig(2), fsmount(2); kernel overlayfs.rst.
  Result<UniqueFd> MountSnapshot(const std::string& key) const;

  // Removes the writable layer; one that is not there is success.
  Status RemoveSnapshot(const std::string& key);
  std::vector<std::string> ListSnapshots() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::image
