// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/pod_spec/pod_status.h"
#include "agent/store/feed.h"
#include "agent/store/object.h"
#include "runtime/base/error.h"

namespace caisson::store {

struct List {
  std::uint64_t resource_version = 0;  // the snapshot's; a watch may go on from it
  std::vector<Object> objects;         // by namespace, then name
};

// An Event as agent/pods tells it; repeats are counted, not stored again.
struct EventRecord {
  std::string ns;
  std::string involved_kind = "Pod";
  std::string involved_name;
  std::string involved_uid;
  std::string field_path;       // "spec.containers{web}" or empty
  std::string type = "Normal";  // or Warning
  std::string reason;           // Scheduled, Pulled, Created, Started, Killing, BackOff, Failed...
  std::string message;
};

// Desired and observed state, and the feed of their changes. The API writes desired pods;
// agent/pods subscribes, acts and writes status back.
//   - Desired state is on disk (fsync, rename) before a call returns; status is renamed only: it
//     must outlive a crash of the agent, not of the machine, whose pods are gone then anyway.
//   - Every change gets the next resource version. After a restart versions go on above all earlier
//     ones, so a watch from before gets "expired", never silence.
//   - A pod that is deleted with grace 0 leaves the store at once; agent/pods learns it from the
//     feed and must know its pods by uid, for a new one may take the name while the old one dies.
// Thread-safe.
class Store {
 public:
  // Loads what is under `data_dir` (made if absent), one file an object. A file that cannot be read
  // back is set aside as "<name>.broken" with a warning, so that one bad file stops no agent.
  static Result<std::unique_ptr<Store>> Open(const std::string& data_dir);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Stores a new object; metadata.{uid,creationTimestamp,resourceVersion,generation} are set here.
  // `document` must have passed validation. Errors: kAlreadyExists.
  Result<Object> Create(Kind kind, nlohmann::json document);

  // Errors: kNotFound.
  Result<Object> Get(const Key& key) const;

  // All of one kind, in one namespace or (empty) all.
  List ListAll(Kind kind, const std::string& ns = {}) const;

  // Read, change, write, with nothing in between: `change` gets the current object and returns the
  // new document. An unchanged document is no new version. metadata.generation grows with the spec.
  // Errors: kNotFound; whatever `change` returns.
  using Mutator = std::function<Result<nlohmann::json>(const Object& current)>;
  Result<Object> Update(const Key& key, const Mutator& change);

  // Sets status of the pod with this uid. Errors: kNotFound when that pod is gone (also when
  // another has its name).
  Status UpdateStatus(const std::string& ns, const std::string& name, const std::string& uid,
                      const pod_spec::PodStatus& status);

  // Marks a pod for deletion: deletionTimestamp = now + grace. A later call may shorten the grace,
  // never lengthen it. Grace 0 removes the object. Returns the object as it was marked or removed.
  // Errors: kNotFound; kWrongState when `uid` is given and is another's.
  Result<Object> MarkDeleted(const Key& key, std::int64_t grace_seconds,
                             const std::optional<std::string>& uid = {});

  // Removes the object; for pods called by agent/pods when nothing of the pod is left. An object
  // that is gone, or has another uid, is success.
  Status Remove(const Key& key, const std::string& uid);

  // Changes of one kind from after `resource_version` on (0: from now).
  // Errors: kWrongState "too old resource version" when they are no longer held.
  Result<std::unique_ptr<Subscription>> Subscribe(Kind kind, std::uint64_t resource_version);
  // The state now and all changes after it, with nothing lost or told twice in between.
  struct Snapshot {
    List list;
    std::unique_ptr<Subscription> changes;
  };
  Result<Snapshot> ListAndSubscribe(Kind kind);

  // Bounded, in memory.
  void RecordEvent(const EventRecord& event);

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::store
