// SPDX-License-Identifier: Apache-2.0
#include "network/ipam/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr char kName[] = "leases";
constexpr std::string_view kMagic = "caisson-leases 1 boot ";

std::string Header(std::string_view boot_id) { return StrCat(kMagic, boot_id, "\n"); }

}  // namespace

Result<Journal::Opened> Journal::Open(const std::string& directory, const std::string& boot_id) {
  CAISSON_ASSIGN(UniqueFd dir, OpenAt(kCwd, directory, O_PATH | O_DIRECTORY), "open lease journal");
  Opened opened{Journal(std::move(dir), boot_id), {}};
  Journal& journal = opened.journal;

  auto text = ReadFileAt(journal.directory_, kName);
  if (!text && text.error().code() != Code::kNotFound)
    return std::move(text).error().Wrap("read lease journal");
  const std::string header = Header(boot_id);
  if (!text || text->substr(0, header.size()) != header) {
    CAISSON_TRY(journal.Rewrite({}));
    return opened;
  }

  const std::string_view all = *text;
  const std::size_t end = all.rfind('\n') + 1;  // the header has one
  for (std::size_t at = header.size(); at < end;) {
    const std::size_t line_end = all.find('\n', at);
    auto record = DecodeRecord(all.substr(at, line_end - at));
    if (record) {
      opened.records.push_back(std::move(*record));
    } else {
      Log(LogLevel::kWarning, "lease journal: a record is lost",
          {{"cause", record.error().message()}, {"offset", StrCat(at)}});
    }
    at = line_end + 1;
  }
  CAISSON_TRY(journal.Reopen());
  journal.record_count_ = opened.records.size();
  journal.size_ = static_cast<off_t>(end);
  if (end < all.size() && ::ftruncate(journal.file_.get(), journal.size_) < 0)
    return SysError("ftruncate", "lease journal");
  return opened;
}

Status Journal::Reopen() {
  CAISSON_ASSIGN(file_, OpenAt(directory_, kName, O_WRONLY | O_APPEND | O_NOFOLLOW));
  struct stat info {};
  if (::fstat(file_.get(), &info) < 0) return SysError("fstat", "lease journal");
  size_ = info.st_size;
  torn_ = false;
  return Ok();
}

Status Journal::Append(const JournalRecord& record) {
  if (torn_ && ::ftruncate(file_.get(), size_) < 0) return SysError("ftruncate", "lease journal");
  torn_ = false;
  const std::string line = EncodeRecord(record);
  const ssize_t written = TEMP_FAILURE_RETRY(::write(file_.get(), line.data(), line.size()));
  if (written != static_cast<ssize_t>(line.size())) {
    const int cause = written < 0 ? errno : ENOSPC;
    torn_ = ::ftruncate(file_.get(), size_) < 0;
    return SysError("write", "lease journal", cause);
  }
  size_ += written;
  ++record_count_;
  return Ok();
}

Status Journal::Rewrite(const std::vector<JournalRecord>& records) {
  std::string text = Header(boot_id_);
  for (const JournalRecord& record : records) text += EncodeRecord(record);
  CAISSON_TRY(AtomicWriteAt(directory_, kName, text, 0600, Durability::kThisBoot),
              "write lease journal");
  CAISSON_TRY(Reopen());
  record_count_ = records.size();
  return Ok();
}

Status Journal::Remove() {
  if (::unlinkat(directory_.get(), kName, 0) < 0 && errno != ENOENT)
    return SysError("unlink", "lease journal");
  file_.Reset();
  return Ok();
}

}  // namespace caisson::network
