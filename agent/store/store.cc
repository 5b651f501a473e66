// SPDX-License-Identifier: Apache-2.0
#include "agent/store/store.h"

#include <nlohmann/json.hpp>

#include "agent/store/store_impl.h"

namespace caisson::store {

using nlohmann::json;

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& data_dir) {
  CAISSON_ASSIGN(Disk disk, Disk::Open(data_dir));
  auto impl = std::make_unique<Impl>(std::move(disk));
  CAISSON_TRY(impl->Load(), "load stored objects");
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<Object> Store::Create(Kind kind, json document) {
  return impl_->Create(kind, std::move(document));
}

Result<Object> Store::Get(const Key& key) const {
  if (auto object = impl_->Find(key)) return *std::move(object);
  return Error(Code::kNotFound, StrCat(InfoOf(key.kind).resource, " \"", key.name, "\" not found"));
}

List Store::ListAll(Kind kind, const std::string& ns) const { return impl_->ListAll(kind, ns); }

Result<Object> Store::Update(const Key& key, const Mutator& change) {
  return impl_->Update(key, change);
}

Status Store::UpdateStatus(const std::string& ns, const std::string& name, const std::string& uid,
                           const pod_spec::PodStatus& status) {
  return impl_->UpdateStatus({Kind::kPod, ns, name}, uid, pod_spec::EncodePodStatus(status));
}

Result<Object> Store::MarkDeleted(const Key& key, std::int64_t grace_seconds,
                                  const std::optional<std::string>& uid) {
  return impl_->MarkDeleted(key, grace_seconds, uid);
}

Status Store::Remove(const Key& key, const std::string& uid) { return impl_->Remove(key, uid); }

Result<std::unique_ptr<Subscription>> Store::Subscribe(Kind kind, std::uint64_t resource_version) {
  return impl_->Subscribe(kind, resource_version);
}

Result<Store::Snapshot> Store::ListAndSubscribe(Kind kind) { return impl_->ListAndSubscribe(kind); }

void Store::RecordEvent(const EventRecord& event) { impl_->RecordEvent(event); }

}  // namespace caisson::store
