// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <locale.h>

#include <string>
#include <string_view>

namespace caisson::image {

// Makes a tar file in memory, also ones that no tar program would write.
class TarBuilder {
 public:
  enum class Packed { kNo, kGzip, kZstd };

  explicit TarBuilder(Packed packed = Packed::kNo) : archive_(archive_write_new()) {
    // Names are written as UTF-8, as Go's writers do; they are read in the C locale.
    ::setlocale(LC_CTYPE, "C.UTF-8");
    if (packed == Packed::kGzip) archive_write_add_filter_gzip(archive_);
    if (packed == Packed::kZstd) archive_write_add_filter_zstd(archive_);
    archive_write_set_format_pax(archive_);
    archive_write_set_bytes_in_last_block(archive_, 1);
    EXPECT_EQ(archive_write_open(archive_, this, nullptr, &TarBuilder::Take, nullptr), ARCHIVE_OK);
  }
  TarBuilder(const TarBuilder&) = delete;
  TarBuilder& operator=(const TarBuilder&) = delete;
  ~TarBuilder() { archive_write_free(archive_); }

  TarBuilder& File(std::string_view path, std::string_view bytes, mode_t mode = 0644, uid_t uid = 0,
                   gid_t gid = 0) {
    archive_entry* const entry = Start(path, AE_IFREG, mode, uid, gid);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    return End(entry, bytes);
  }
  TarBuilder& Dir(std::string_view path, mode_t mode = 0755, uid_t uid = 0, gid_t gid = 0) {
    return End(Start(path, AE_IFDIR, mode, uid, gid));
  }
  TarBuilder& Symlink(std::string_view path, const char* target) {
    archive_entry* const entry = Start(path, AE_IFLNK, 0777, 0, 0);
    archive_entry_set_symlink(entry, target);
    return End(entry);
  }
  TarBuilder& HardLink(std::string_view path, const char* target) {
    archive_entry* const entry = Start(path, AE_IFREG, 0644, 0, 0);
    archive_entry_set_hardlink(entry, target);
    return End(entry);
  }
  TarBuilder& CharDevice(std::string_view path, unsigned major, unsigned minor) {
    archive_entry* const entry = Start(path, AE_IFCHR, 0600, 0, 0);
    archive_entry_set_rdevmajor(entry, major);
    archive_entry_set_rdevminor(entry, minor);
    return End(entry);
  }
  TarBuilder& FileWithXattr(std::string_view path, const char* key, std::string_view value) {
    archive_entry* const entry = Start(path, AE_IFREG, 0755, 0, 0);
    archive_entry_xattr_add_entry(entry, key, value.data(), value.size());
    return End(entry);
  }

  std::string Finish() {
    EXPECT_EQ(archive_write_close(archive_), ARCHIVE_OK);
    ::setlocale(LC_CTYPE, "C");
    return bytes_;
  }

 private:
  static la_ssize_t Take(archive* /*a*/, void* self, const void* bytes, std::size_t size) {
    static_cast<TarBuilder*>(self)->bytes_.append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
  }
  static archive_entry* Start(std::string_view path, unsigned type, mode_t mode, uid_t uid,
                              gid_t gid) {
    archive_entry* const entry = archive_entry_new();
    const std::string name(path);
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, mode);
    archive_entry_set_uid(entry, uid);
    archive_entry_set_gid(entry, gid);
    archive_entry_set_mtime(entry, 1'000'000, 0);
    return entry;
  }
  TarBuilder& End(archive_entry* entry, std::string_view bytes = {}) {
    EXPECT_GE(archive_write_header(archive_, entry), ARCHIVE_WARN)
        << archive_error_string(archive_);
    if (!bytes.empty()) archive_write_data(archive_, bytes.data(), bytes.size());
    archive_entry_free(entry);
    return *this;
  }

  archive* archive_;
  std::string bytes_;
};

}  // namespace caisson::image
