// SPDX-License-Identifier: Apache-2.0
#include "agent/image/write_tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>

#include "agent/image/own_cwd.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

struct FreeReader {
  void operator()(archive* a) const { (void)archive_read_free(a); }
};
struct FreeWriter {
  void operator()(archive* a) const { (void)archive_write_free(a); }
};
struct FreeResolver {
  void operator()(archive_entry_linkresolver* r) const { archive_entry_linkresolver_free(r); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

Error Failed(archive* a, std::string_view path) {
  const char* const text = archive_error_string(a);
  const int err = archive_errno(a) > 0 ? archive_errno(a) : EIO;
  return Error(CodeOf(err), StrCat("\"", path, "\": ", text != nullptr ? text : "cannot be read"),
               err);
}

// Holes are written out as zeros: libarchive's tar writer takes bytes in order only.
Status WriteZeros(archive* to, la_int64_t count, const std::string& path) {
  static constexpr std::array<char, 64 << 10> kZeros{};
  while (count > 0) {
    const auto part = std::min<la_int64_t>(count, kZeros.size());
    if (archive_write_data(to, kZeros.data(), static_cast<std::size_t>(part)) < 0)
      return Failed(to, path);
    count -= part;
  }
  return Ok();
}

Status CopyData(archive* from, archive* to, la_int64_t total, const std::string& path) {
  la_int64_t written = 0;
  while (true) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int got = archive_read_data_block(from, &bytes, &size, &offset);
    if (got == ARCHIVE_EOF) return WriteZeros(to, total - written, path);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return Failed(from, path);
    CAISSON_TRY(WriteZeros(to, offset - written, path));
    if (archive_write_data(to, bytes, size) < 0) return Failed(to, path);
    written = offset + static_cast<la_int64_t>(size);
  }
}

// "/srv/rootfs/bin/sh" is "./bin/sh", also in the target of a hard link.
std::string Relative(const char* path, const std::string& prefix) {
  std::string_view rest = path;
  if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  return StrCat(".", rest.starts_with('/') ? "" : "/", rest);
}

Status WriteEntry(archive* disk, archive* tar, archive_entry_linkresolver* links,
                  archive_entry* entry, const std::string& prefix) {
  const std::string path = Relative(archive_entry_pathname(entry), prefix);
  archive_entry_copy_pathname(entry, path.c_str());
  // The resolver remembers the names of files with several links and turns later ones into links.
  archive_entry* first = entry;
  archive_entry* sparse = nullptr;
  archive_entry_linkify(links, &first, &sparse);
  if (archive_entry_filetype(entry) == AE_IFSOCK) return Ok();  // tar has no sockets
  // Holes are filled by CopyData; a map of them in the header would say otherwise.
  archive_entry_sparse_clear(entry);
  if (archive_write_header(tar, entry) < ARCHIVE_WARN) return Failed(tar, path);
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_size(entry) <= 0) return Ok();
  return CopyData(disk, tar, archive_entry_size(entry), path);
}

Status Write(const std::string& directory, int out) {
  const std::unique_ptr<archive, FreeReader> disk(archive_read_disk_new());
  const std::unique_ptr<archive, FreeWriter> tar(archive_write_new());
  const std::unique_ptr<archive_entry_linkresolver, FreeResolver> links(
      archive_entry_linkresolver_new());
  archive_entry_linkresolver_set_strategy(links.get(), ARCHIVE_FORMAT_TAR);
  (void)archive_write_set_format_pax_restricted(tar.get());
  (void)archive_write_set_bytes_in_last_block(tar.get(), 1);
  if (archive_write_open_fd(tar.get(), out) != ARCHIVE_OK) return Failed(tar.get(), "tar file");
  (void)archive_read_disk_set_symlink_physical(disk.get());
  (void)archive_read_disk_set_behavior(disk.get(), ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS |
                                                       ARCHIVE_READDISK_NO_ACL |
                                                       ARCHIVE_READDISK_NO_FFLAGS);
  if (archive_read_disk_open(disk.get(), directory.c_str()) != ARCHIVE_OK)
    return Failed(disk.get(), directory);
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  while (true) {
    archive_entry_clear(entry.get());
    const int got = archive_read_next_header2(disk.get(), entry.get());
    if (got == ARCHIVE_EOF) break;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return Failed(disk.get(), directory);
    (void)archive_read_disk_descend(disk.get());
    CAISSON_TRY(WriteEntry(disk.get(), tar.get(), links.get(), entry.get(), directory));
  }
  if (archive_write_close(tar.get()) != ARCHIVE_OK) return Failed(tar.get(), "tar file");
  return Ok();
}

}  // namespace

Status WriteTar(const std::string& directory, FdView out) {
  std::string path = directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  // libarchive walks a tree with fchdir(2).
  return WithOwnCwd([&]() -> Status { return Write(path, out.get()); });
}

}  // namespace caisson::image
