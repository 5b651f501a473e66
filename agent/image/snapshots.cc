// SPDX-License-Identifier: Apache-2.0
#include "agent/image/snapshots.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "agent/image/overlay.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"
#include "runtime/spec/field_writer.h"

namespace caisson::image {

template <class V>
void Fields(V& v, spec::Is<SnapshotRecord> auto& record) {
  v.Required("image", record.image_id);
  v.Required("layers", record.chain_ids);
}

namespace {

constexpr char kRecordFile[] = "image";

// The key becomes a directory's name.
Status CheckKey(std::string_view key) {
  const bool clean = !key.empty() && key.size() <= NAME_MAX && key[0] != '.' &&
                     std::all_of(key.begin(), key.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  if (clean) return Ok();
  return Error(Code::kInvalidSpec, StrCat("snapshot key \"", key.substr(0, 64), "\" is no name"));
}

Error NoSuchSnapshot(const std::string& key) {
  return Error(Code::kNotFound, StrCat("snapshot \"", key, "\" does not exist"), ENOENT);
}

}  // namespace

Status Snapshots::Load() {
  const auto closer = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(closer)> stream(::opendir(folders_.Snapshots().c_str()),
                                                      closer);
  if (!stream) return SysError("opendir", folders_.Snapshots());
  std::vector<std::string> keys;
  while (const dirent* const item = ::readdir(stream.get()))
    if (item->d_name[0] != '.') keys.emplace_back(item->d_name);
  const std::lock_guard lock(mutex_);
  for (const std::string& key : keys) {
    const auto text = ReadFile(StrCat(folders_.Snapshot(key), "/", kRecordFile));
    auto record =
        text ? spec::ReadJson<SnapshotRecord>(*text) : Result<SnapshotRecord>(Error(text.error()));
    if (record && CheckKey(key)) {
      records_[key] = *std::move(record);
      continue;
    }
    Log(LogLevel::kWarning, "image store: removing a snapshot that was never finished",
        {{"snapshot", key}});
    CAISSON_TRY(RemoveTree(kCwd, folders_.Snapshot(key)));
  }
  return Ok();
}

Status Snapshots::Prepare(const std::string& key, const Image& image) {
  CAISSON_TRY(CheckKey(key));
  const std::lock_guard lock(mutex_);
  if (const auto there = records_.find(key); there != records_.end()) {
    if (there->second.image_id == image.id) return Ok();
    return Error(Code::kAlreadyExists,
                 StrCat("snapshot \"", key, "\" stands on image ", there->second.image_id), EEXIST);
  }
  SnapshotRecord record{.image_id = image.id, .chain_ids = image.chain_ids};
  CAISSON_ASSIGN(const Scratch scratch, Scratch::Make(folders_));
  const std::string draft = scratch / "snapshot";
  if (::mkdir(draft.c_str(), 0700) < 0) return SysError("mkdir", draft);
  CAISSON_TRY(MakeDirLike(draft + "/fs", folders_.Layer(image.chain_ids.back())));
  if (::mkdir((draft + "/work").c_str(), 0700) < 0) return SysError("mkdir", draft + "/work");
  {
    CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, draft, O_RDONLY | O_DIRECTORY));
    CAISSON_TRY(
        AtomicWriteAt(dir, kRecordFile, spec::WriteJson(record), 0600, Durability::kThisBoot));
  }
  // Not flushed: a snapshot that a power cut left without its record is removed by Load, and its
  // container starts anew anyway.
  if (::rename(draft.c_str(), folders_.Snapshot(key).c_str()) < 0)
    return SysError("rename", folders_.Snapshot(key));
  records_.emplace(key, std::move(record));
  return Ok();
}

Result<UniqueFd> Snapshots::Mount(const std::string& key) const {
  OverlayPlan plan;
  {
    const std::lock_guard lock(mutex_);
    const auto record = records_.find(key);
    if (record == records_.end()) return NoSuchSnapshot(key);
    plan.lower = folders_.LayerPaths(record->second.chain_ids);
  }
  plan.upper = folders_.Snapshot(key) + "/fs";
  plan.work = folders_.Snapshot(key) + "/work";
  auto mount = MountOverlay(plan);
  if (!mount) return std::move(mount).error().Wrap(StrCat("snapshot \"", key, "\""));
  return mount;
}

Status Snapshots::Remove(const std::string& key) {
  CAISSON_TRY(CheckKey(key));
  {
    // Out of the way first, under the lock; what takes long happens without it.
    const std::lock_guard lock(mutex_);
    if (records_.erase(key) == 0) return Ok();
  }
  CAISSON_ASSIGN(const Scratch scratch, Scratch::Make(folders_));
  if (::rename(folders_.Snapshot(key).c_str(), (scratch / "snapshot").c_str()) < 0 &&
      errno != ENOENT)
    return SysError("rename", folders_.Snapshot(key));
  return Ok();
}

std::vector<std::string> Snapshots::Keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, record] : records_) keys.push_back(key);
  return keys;
}

std::string Snapshots::UserOf(const std::string& image_id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, record] : records_)
    if (record.image_id == image_id) return key;
  return std::string();
}

bool Snapshots::UsesLayer(const std::string& chain_id) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(records_.begin(), records_.end(), [&](const auto& item) {
    const auto& ids = item.second.chain_ids;
    return std::find(ids.begin(), ids.end(), chain_id) != ids.end();
  });
}

}  // namespace caisson::image
