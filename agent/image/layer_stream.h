// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

struct archive;

namespace caisson::image {

// A layer's tar file, read once from front to back: decompressed as it comes (gzip, bzip2, xz,
// zstd or not at all), with the digests of both forms.
// Thread-compatible: one owner at a time.
class LayerStream {
 public:
  // `shown_as` names it in errors.
  static Result<std::unique_ptr<LayerStream>> Open(UniqueFd file, std::string shown_as);
  ~LayerStream();
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;

  // Entries are read from it with archive_read_next_header and archive_read_data_block.
  archive* tar() const;
  const std::string& shown_as() const;

  struct Digests {
    std::string file;     // of the bytes as they are in the file
    std::string content;  // of the tar file: the diff id
    std::uint64_t file_bytes = 0;
  };
  // Reads what is left and tells what was read. Errors: kInvalidSpec for a damaged stream.
  Result<Digests> Finish();

 private:
  class Impl;
  explicit LayerStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::image
