// SPDX-License-Identifier: Apache-2.0
#include "agent/image/layer_stream.h"

#include <archive.h>

#include <array>
#include <optional>

#include "agent/image/digest.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

struct FreeArchive {
  void operator()(archive* a) const { (void)archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;

constexpr std::size_t kChunk = std::size_t{128} << 10;

std::string TextOf(archive* a) {
  const char* const text = archive_error_string(a);
  return text != nullptr ? text : "unknown error";
}

}  // namespace

// Two readers in a row: the outer one only decompresses, the inner one reads tar. Each pulls its
// bytes from the one before, and what passes is hashed.
class LayerStream::Impl {
 public:
  Impl(UniqueFd file, std::string shown_as)
      : file_(std::move(file)), shown_as_(std::move(shown_as)) {}

  Status Start() {
    packed_.reset(archive_read_new());
    tar_.reset(archive_read_new());
    // Only filters that are linked in: others would start programs.
    (void)archive_read_support_filter_gzip(packed_.get());
    (void)archive_read_support_filter_bzip2(packed_.get());
    (void)archive_read_support_filter_xz(packed_.get());
    (void)archive_read_support_filter_zstd(packed_.get());
    (void)archive_read_support_format_raw(packed_.get());
    (void)archive_read_support_format_empty(packed_.get());
    (void)archive_read_support_format_tar(tar_.get());
    (void)archive_read_support_format_empty(tar_.get());
    if (archive_read_open(packed_.get(), this, nullptr, &Impl::PullFile, nullptr) != ARCHIVE_OK)
      return Damaged(packed_.get());
    archive_entry* entry = nullptr;
    const int header = archive_read_next_header(packed_.get(), &entry);
    if (header != ARCHIVE_OK && header != ARCHIVE_EOF) return Damaged(packed_.get());
    content_ended_ = header == ARCHIVE_EOF;
    if (archive_read_open(tar_.get(), this, nullptr, &Impl::PullContent, nullptr) != ARCHIVE_OK)
      return Damaged(tar_.get());
    return Ok();
  }

  Result<Digests> Finish() {
    const void* unused = nullptr;
    while (true) {
      const la_ssize_t got = PullContent(tar_.get(), this, &unused);
      if (got == 0) break;
      if (got < 0) return failure_.value_or(Damaged(packed_.get()));
    }
    // Bytes after the compressed stream belong to the file's digest too.
    while (true) {
      const la_ssize_t got = PullFile(packed_.get(), this, &unused);
      if (got == 0) break;
      if (got < 0) return failure_.value_or(Damaged(packed_.get()));
    }
    return Digests{
        .file = file_hash_.Finish(), .content = content_hash_.Finish(), .file_bytes = file_bytes_};
  }

  archive* tar() const { return tar_.get(); }
  const std::string& shown_as() const { return shown_as_; }

 private:
  Error Damaged(archive* a) const {
    return Error(Code::kInvalidSpec, StrCat(shown_as_, ": ", TextOf(a)));
  }

  static la_ssize_t PullFile(archive* a, void* self, const void** bytes) {
    auto& impl = *static_cast<Impl*>(self);
    const ssize_t got = TEMP_FAILURE_RETRY(
        ::read(impl.file_.get(), impl.file_buffer_.data(), impl.file_buffer_.size()));
    if (got < 0) {
      impl.failure_ = SysError("read", impl.shown_as_);
      archive_set_error(a, errno, "%s", impl.failure_->message().c_str());
      return ARCHIVE_FATAL;
    }
    impl.file_hash_.Update({impl.file_buffer_.data(), static_cast<std::size_t>(got)});
    impl.file_bytes_ += static_cast<std::uint64_t>(got);
    *bytes = impl.file_buffer_.data();
    return got;
  }

  static la_ssize_t PullContent(archive* a, void* self, const void** bytes) {
    auto& impl = *static_cast<Impl*>(self);
    if (impl.content_ended_) return 0;
    const la_ssize_t got = archive_read_data(impl.packed_.get(), impl.content_buffer_.data(),
                                             impl.content_buffer_.size());
    if (got < 0) {
      archive_set_error(a, archive_errno(impl.packed_.get()), "%s",
                        TextOf(impl.packed_.get()).c_str());
      return ARCHIVE_FATAL;
    }
    if (got == 0) impl.content_ended_ = true;
    impl.content_hash_.Update({impl.content_buffer_.data(), static_cast<std::size_t>(got)});
    *bytes = impl.content_buffer_.data();
    return got;
  }

  UniqueFd file_;
  std::string shown_as_;
  ArchivePtr packed_;
  ArchivePtr tar_;  // destroyed first: it pulls from the other
  std::array<char, kChunk> file_buffer_{};
  std::array<char, kChunk> content_buffer_{};
  Sha256 file_hash_;
  Sha256 content_hash_;
  std::uint64_t file_bytes_ = 0;
  bool content_ended_ = false;
  std::optional<Error> failure_;
};

LayerStream::LayerStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LayerStream::~LayerStream() = default;

Result<std::unique_ptr<LayerStream>> LayerStream::Open(UniqueFd file, std::string shown_as) {
  auto impl = std::make_unique<Impl>(std::move(file), std::move(shown_as));
  CAISSON_TRY(impl->Start());
  return std::unique_ptr<LayerStream>(new LayerStream(std::move(impl)));
}

archive* LayerStream::tar() const { return impl_->tar(); }
const std::string& LayerStream::shown_as() const { return impl_->shown_as(); }
Result<LayerStream::Digests> LayerStream::Finish() { return impl_->Finish(); }

}  // namespace caisson::image
