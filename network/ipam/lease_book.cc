// SPDX-License-Identifier: Apache-2.0
#include "network/ipam/lease_book.h"

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

// A journal is written anew when it has this many records more than four for each lease.
constexpr std::size_t kCompactionSlack = 1024;

bool Collide(const PortMapping& a, const PortMapping& b) {
  if (a.host_port != b.host_port || a.protocol != b.protocol) return false;
  return !a.host_ip || !b.host_ip || *a.host_ip == *b.host_ip;
}

bool SharesAnything(const Lease& a, const Lease& b) {
  const bool address =
      std::find_first_of(a.addresses.begin(), a.addresses.end(), b.addresses.begin(),
                         b.addresses.end()) != a.addresses.end();
  return address || std::find_first_of(a.ports.begin(), a.ports.end(), b.ports.begin(),
                                       b.ports.end(), Collide) != a.ports.end();
}

}  // namespace

Result<std::unique_ptr<LeaseBook>> LeaseBook::Open(const Options& options) {
  std::vector<AddressPool> pools;
  for (const Cidr& network : options.networks) {
    CAISSON_ASSIGN(AddressPool pool, AddressPool::Create(network));
    for (const AddressPool& other : pools) {
      if (other.network().Overlaps(network)) {
        return Error(Code::kInvalidSpec, StrCat("pod networks ", other.network().ToString(),
                                                " and ", network.ToString(), " overlap"));
      }
    }
    pools.push_back(std::move(pool));
  }
  CAISSON_ASSIGN(Journal::Opened opened, Journal::Open(options.directory, options.boot_id));
  std::unique_ptr<LeaseBook> book(new LeaseBook(std::move(pools)));
  for (const JournalRecord& record : opened.records) book->Replay(record);
  book->journal_ = std::move(opened.journal);
  return book;
}

void LeaseBook::Replay(const JournalRecord& record) {
  if (const auto* pool_order = std::get_if<PoolOrder>(&record)) {
    for (AddressPool& pool : pools_) {
      if (pool.network() == pool_order->network) pool.Restore(pool_order->order);
    }
  } else if (const auto* released = std::get_if<LeaseReleased>(&record)) {
    if (const auto it = leases_.find(released->pod_uid); it != leases_.end()) {
      GiveBack(it->second);
      leases_.erase(it);
    }
  } else if (const auto* taken = std::get_if<LeaseTaken>(&record)) {
    for (const IpAddress& address : taken->lease.addresses) {
      for (AddressPool& pool : pools_)
        (void)(taken->claimed ? pool.Claim(address) : pool.Replay(address));  // not of this pool
    }
    leases_.insert_or_assign(taken->lease.pod_uid, taken->lease);
  }
}

std::optional<Error> LeaseBook::PortConflict(const Request& request) const {
  for (const auto& [uid, lease] : leases_) {
    if (uid == request.pod_uid) continue;
    for (const PortMapping& wanted : request.ports) {
      const auto collides = [&](const PortMapping& taken) { return Collide(taken, wanted); };
      if (std::none_of(lease.ports.begin(), lease.ports.end(), collides)) continue;
      return Error(Code::kAlreadyExists, StrCat("host port ", wanted.host_port, "/",
                                                Name(wanted.protocol), " is taken by pod ", uid));
    }
  }
  return std::nullopt;
}

Result<std::vector<IpAddress>> LeaseBook::TakeAddresses() {
  std::vector<IpAddress> addresses;
  for (AddressPool& pool : pools_) {
    const auto address = pool.Take();
    if (!address) {
      for (std::size_t i = 0; i < addresses.size(); ++i) pools_[i].Release(addresses[i]);
      return Error(Code::kSystem,
                   StrCat("all addresses of ", pool.network().ToString(), " are in use"), ENOSPC)
          .Hint("delete pods or configure a larger pod network");
    }
    addresses.push_back(*address);
  }
  return addresses;
}

void LeaseBook::GiveBack(const Lease& lease) {
  for (const IpAddress& address : lease.addresses) {
    for (AddressPool& pool : pools_) pool.Release(address);
  }
}

Result<LeaseBook::Grant> LeaseBook::Acquire(const Request& request) {
  const std::lock_guard lock(mutex_);
  Grant grant;
  if (const auto it = leases_.find(request.pod_uid); it != leases_.end()) {
    const Lease& held = it->second;
    if (held.netns_inode == request.netns_inode && held.ports == request.ports) {
      grant.lease = held;
      grant.existed = true;
      return grant;
    }
  }
  if (auto conflict = PortConflict(request)) return std::move(*conflict);
  CAISSON_TRY(ReleaseLocked(request.pod_uid));
  CAISSON_ASSIGN(std::vector<IpAddress> addresses, TakeAddresses());
  grant.lease = {request.pod_uid, request.netns_inode, std::move(addresses), request.ports};
  if (Status written = journal_->Append(LeaseTaken{grant.lease}); !written) {
    GiveBack(grant.lease);
    return std::move(written).error();
  }
  leases_.emplace(request.pod_uid, grant.lease);
  return grant;
}

Status LeaseBook::Reclaim(const Lease& lease) {
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, other] : leases_) {
    if (uid == lease.pod_uid || !SharesAnything(other, lease)) continue;
    return Error(Code::kAlreadyExists,
                 StrCat("pod ", lease.pod_uid, " uses an address or host port that pod ", uid,
                        " has leased"));
  }
  CAISSON_TRY(ReleaseLocked(lease.pod_uid));
  CAISSON_TRY(journal_->Append(LeaseTaken{lease, /*claimed=*/true}));
  for (const IpAddress& address : lease.addresses) {
    for (AddressPool& pool : pools_) (void)pool.Claim(address);  // may be of a former network
  }
  leases_.emplace(lease.pod_uid, lease);
  return Ok();
}

Result<std::optional<Lease>> LeaseBook::ReleaseLocked(const std::string& pod_uid) {
  const auto it = leases_.find(pod_uid);
  if (it == leases_.end()) return std::optional<Lease>();
  CAISSON_TRY(journal_->Append(LeaseReleased{pod_uid}));
  std::optional<Lease> lease(std::move(it->second));
  leases_.erase(it);
  GiveBack(*lease);
  CompactIfWorthIt();
  return lease;
}

Result<std::optional<Lease>> LeaseBook::Release(const std::string& pod_uid) {
  const std::lock_guard lock(mutex_);
  return ReleaseLocked(pod_uid);
}

Result<std::vector<Lease>> LeaseBook::ReleaseUnless(
    const std::function<bool(const Lease&)>& is_live) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> dead;
  for (const auto& [uid, lease] : leases_) {
    if (!is_live(lease)) dead.push_back(uid);
  }
  std::vector<Lease> released;
  for (const std::string& uid : dead) {
    CAISSON_ASSIGN(auto lease, ReleaseLocked(uid));
    if (lease) released.push_back(std::move(*lease));
  }
  return released;
}

std::optional<Lease> LeaseBook::Find(const std::string& pod_uid) const {
  const std::lock_guard lock(mutex_);
  const auto it = leases_.find(pod_uid);
  if (it == leases_.end()) return std::nullopt;
  return it->second;
}

std::vector<Lease> LeaseBook::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<Lease> all;
  for (const auto& [uid, lease] : leases_) all.push_back(lease);
  return all;
}

std::vector<IpAddress> LeaseBook::gateways() const {
  std::vector<IpAddress> gateways;
  for (const AddressPool& pool : pools_) gateways.push_back(pool.gateway());
  return gateways;
}

std::vector<JournalRecord> LeaseBook::Snapshot() const {
  std::vector<JournalRecord> records;
  for (const AddressPool& pool : pools_)
    records.emplace_back(PoolOrder{pool.network(), pool.order()});
  for (const auto& [uid, lease] : leases_)
    records.emplace_back(LeaseTaken{lease, /*claimed=*/true});
  return records;
}

// A journal that stays long is no reason to fail what made it longer.
void LeaseBook::CompactIfWorthIt() {
  if (journal_->record_count() <= 4 * leases_.size() + kCompactionSlack) return;
  if (const Status written = journal_->Rewrite(Snapshot()); !written)
    Log(LogLevel::kWarning, "lease journal stays long", {{"cause", written.error().ToString()}});
}

Status LeaseBook::Erase() {
  const std::lock_guard lock(mutex_);
  for (const auto& [uid, lease] : leases_) GiveBack(lease);
  leases_.clear();
  return journal_->Remove();
}

}  // namespace caisson::network
