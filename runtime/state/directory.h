// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/state/record.h"

namespace caisson::state {

// <root>/<id>, mode 0700: state.json, start.sock and what else a container needs on the host while
// it exists. Opened once; everything after that is relative to the descriptor.
//
// Who changes a container holds the lock; who only reads does not need it, since records are
// replaced whole. The lock is flock(2) on the directory and is given back by the destructor even
// when a forked child still has the descriptor. Hooks run while it is held.
// Thread-compatible: one owner at a time.
class Directory {
 public:
  // Makes the root (0700) when missing, and the container's directory, locked.
  // Errors: kInvalidSpec for the id; kAlreadyExists when it is taken.
  static Result<Directory> Create(const std::string& root, const std::string& id);

  // Errors: kInvalidSpec for the id; kNotFound.
  static Result<Directory> Open(const std::string& root, const std::string& id);

  Directory(Directory&&) noexcept = default;
  Directory& operator=(Directory&& other) noexcept;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { Unlock(); }

  const std::string& id() const { return id_; }
  const UniqueFd& fd() const { return dir_; }

  // Waits for the lock. Errors: kNotFound when the container was removed meanwhile; kWrongState
  // when another command still works on it at the deadline.
  Status Lock(Deadline deadline);
  void Unlock();
  // Whether some command holds the lock at this moment.
  Result<bool> IsLocked() const;

  // Errors: kNotFound when creation was interrupted before the first record; kInvalidSpec and
  // kUnsupported naming the file for one that cannot be read.
  Result<Record> ReadRecord() const;
  Status WriteRecord(const Record& record);
  // The same in two steps: what Publish makes the record in one rename, unless it fails before.
  Status WriteDraft(const Record& record) const;
  Status PublishDraft() const;
  // What a creator that died between the two has left. Errors: as ReadRecord.
  Result<Record> ReadDraft() const { return ReadRecordFile(kDraftFile); }

  // The configuration that the container was made with, as its bytes: exec must not depend on what
  // the bundle says today.
  Result<std::string> ReadConfig() const;
  Status WriteConfig(std::string_view json) const;

  // The socket that init waits on until start; it is gone once the user's program runs.
  static constexpr char kStartGate[] = "start.sock";
  bool HasStartGate() const;

  // Removes it with all it holds; the id is free again. The lock must be held.
  Status Remove() &&;

 private:
  Directory(UniqueFd root, UniqueFd dir, std::string id)
      : root_(std::move(root)), dir_(std::move(dir)), id_(std::move(id)) {}
  static constexpr char kDraftFile[] = "state.json.draft";
  Result<bool> IsStillThere() const;
  Result<Record> ReadRecordFile(std::string_view name) const;
  Status WriteNew(const std::string& name, std::string_view bytes) const;

  UniqueFd root_;
  UniqueFd dir_;
  std::string id_;
  bool locked_ = false;
  bool is_new_ = false;  // made by Create, no record yet
};

// The ids under `root`, sorted; none when it does not exist. Other files there are left out.
Result<std::vector<std::string>> ListIds(const std::string& root);

}  // namespace caisson::state
