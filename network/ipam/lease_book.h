// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "network/ipam/address_pool.h"
#include "network/ipam/journal.h"
#include "network/ipam/lease.h"
#include "runtime/base/error.h"

namespace caisson::network {

// Who has which address and host port, kept in memory and in a journal that an agent killed at any
// point leaves readable. One address of each pool for every pod. Thread-safe.
class LeaseBook {
 public:
  struct Options {
    std::string directory;       // exists; the journal is `directory`/leases
    std::vector<Cidr> networks;  // one or two, IPv4 first
    std::string boot_id;         // leases of an earlier boot are void: their netns are gone
  };
  // Errors: kInvalidSpec for networks that are too small or overlap; kSystem when the journal
  // cannot be read or written. A damaged record costs its own lease, not the others, and is logged.
  static Result<std::unique_ptr<LeaseBook>> Open(const Options& options);

  struct Request {
    std::string pod_uid;
    ino_t netns_inode = 0;
    std::vector<PortMapping> ports;
  };
  struct Grant {
    Lease lease;
    bool existed = false;  // the pod had this lease already
  };
  // A lease of the same pod for another netns or other ports is released first.
  // Errors: kAlreadyExists, naming the pod, when a host port is taken; kSystem ENOSPC when
  // addresses are used up.
  Result<Grant> Acquire(const Request& request);

  // Takes exactly `lease`, which its pod still uses although the journal has lost it. Addresses
  // that are no longer part of the networks are kept as they are. Errors: kAlreadyExists when
  // another pod has an address or port of it.
  Status Reclaim(const Lease& lease);

  // What was given back. An unknown pod is success, with nothing.
  Result<std::optional<Lease>> Release(const std::string& pod_uid);

  // Releases every lease that `is_live` denies.
  Result<std::vector<Lease>> ReleaseUnless(const std::function<bool(const Lease&)>& is_live);

  std::optional<Lease> Find(const std::string& pod_uid) const;
  std::vector<Lease> All() const;
  // Of each network, in the order of Options.
  std::vector<IpAddress> gateways() const;

  // Forgets all leases and removes the journal.
  Status Erase();

 private:
  explicit LeaseBook(std::vector<AddressPool> pools) : pools_(std::move(pools)) {}
  void Replay(const JournalRecord& record);
  std::optional<Error> PortConflict(const Request& request) const;
  Result<std::vector<IpAddress>> TakeAddresses();
  void GiveBack(const Lease& lease);
  Result<std::optional<Lease>> ReleaseLocked(const std::string& pod_uid);
  void CompactIfWorthIt();
  std::vector<JournalRecord> Snapshot() const;

  mutable std::mutex mutex_;
  std::vector<AddressPool> pools_;
  std::map<std::string, Lease> leases_;  // by pod uid
  std::optional<Journal> journal_;
};

}  // namespace caisson::network
