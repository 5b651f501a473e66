// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "network/ipam/address_pool.h"
#include "network/ipam/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::network {

// What happened, in the order in which it did.
struct LeaseTaken {
  Lease lease;
  bool claimed = false;  // not the pool's next address, but one that a pod already had
  friend bool operator==(const LeaseTaken&, const LeaseTaken&) = default;
};
struct LeaseReleased {
  std::string pod_uid;
  friend bool operator==(const LeaseReleased&, const LeaseReleased&) = default;
};
struct PoolOrder {  // only at the head of a compacted journal
  Cidr network;
  AddressPool::Order order;
};
using JournalRecord = std::variant<LeaseTaken, LeaseReleased, PoolOrder>;

// A record as one line, with its line end: eight hex digits of CRC-32, a space, JSON.
std::string EncodeRecord(const JournalRecord& record);
// Errors: kInvalidSpec when the checksum or the shape is wrong.
Result<JournalRecord> DecodeRecord(std::string_view line);
// The JSON part alone.
Result<JournalRecord> DecodeRecordText(std::string_view text);

// An append-only file of records. Each append is one write(2), taken back when it comes out short.
// Nothing is fsynced: what it says is void after a reboot, and the page cache outlives the agent.
// Thread-compatible: one owner at a time.
class Journal {
 public:
  struct Opened;
  // Reads what is there; another boot's journal counts as empty. A tail without line end is what a
  // killed writer left, and is cut off; a damaged line elsewhere is skipped and logged.
  static Result<Opened> Open(const std::string& directory, const std::string& boot_id);

  Status Append(const JournalRecord& record);
  // Replaces all records at once.
  Status Rewrite(const std::vector<JournalRecord>& records);
  Status Remove();
  std::size_t record_count() const { return record_count_; }

 private:
  Journal(UniqueFd directory, std::string boot_id)
      : directory_(std::move(directory)), boot_id_(std::move(boot_id)) {}
  Status Reopen();

  UniqueFd directory_;
  UniqueFd file_;
  std::string boot_id_;
  off_t size_ = 0;
  std::size_t record_count_ = 0;
  bool torn_ = false;  // a part of a record may stand behind size_
};

struct Journal::Opened {
  Journal journal;
  std::vector<JournalRecord> records;
};

}  // namespace caisson::network
