// SPDX-License-Identifier: Apache-2.0
#include "agent/image/entry.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

Error Bad(std::string_view path, std::string_view why) {
  constexpr std::size_t kMaxShown = 200;
  return Error(Code::kInvalidSpec, StrCat("entry \"", path.substr(0, kMaxShown), "\": ", why));
}

// In the C locale libarchive has no narrow form of a UTF-8 name.
std::string TextOf(const char* narrow, const char* utf8) {
  if (narrow != nullptr) return narrow;
  return utf8 != nullptr ? utf8 : "";
}

// "./usr//bin/" is "usr/bin". ".." is refused and not resolved: no archive writer makes it.
Result<std::string> CleanName(std::string_view path) {
  std::string out;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return Bad(path, "has \"..\" in its path");
    if (!out.empty()) out.push_back('/');
    out.append(part);
  }
  return out;
}

Result<std::uint32_t> OwnerId(std::string_view path, la_int64_t id) {
  constexpr la_int64_t kLast = 0xfffffffe;
  if (id < 0 || id > kLast) return Bad(path, StrCat("owner ", id, " is not an id"));
  return static_cast<std::uint32_t>(id);
}

// A layer must not bring attributes that mean something to the host or to overlayfs: of a layer's
// own "trusted.overlay.redirect" the kernel would follow paths outside of it.
bool IsKept(std::string_view name) {
  return name == "security.capability" ||
         (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

}  // namespace

Result<Entry> ReadEntry(archive_entry* entry, const std::string& strip_prefix) {
  std::string path = TextOf(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
  if (path.starts_with(strip_prefix)) path.erase(0, strip_prefix.size());
  CAISSON_ASSIGN(const std::string clean, CleanName(path));
  Entry out;
  const auto slash = clean.rfind('/');
  if (slash != std::string::npos) out.folder = clean.substr(0, slash);
  out.name = slash == std::string::npos ? clean : clean.substr(slash + 1);
  out.mode = archive_entry_mode(entry);
  CAISSON_ASSIGN(out.uid, OwnerId(clean, archive_entry_uid(entry)));
  CAISSON_ASSIGN(out.gid, OwnerId(clean, archive_entry_gid(entry)));
  out.size = archive_entry_size(entry);
  out.modified = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  if (S_ISCHR(out.mode) || S_ISBLK(out.mode))
    out.device = ::makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                           static_cast<unsigned>(archive_entry_rdevminor(entry)));
  if (S_ISLNK(out.mode)) {
    out.symlink = TextOf(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
    if (out.symlink.empty()) return Bad(clean, "is a symlink to nothing");
  }
  std::string target = TextOf(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
  if (!target.empty()) {
    if (target.starts_with(strip_prefix)) target.erase(0, strip_prefix.size());
    CAISSON_ASSIGN(out.hard_link, CleanName(target), "link of \"", clean, "\"");
    if (out.hard_link->empty()) return Bad(clean, "is a hard link to the root");
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  (void)archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name != nullptr && IsKept(name))
      out.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return out;
}

}  // namespace caisson::image
