// SPDX-License-Identifier: Apache-2.0
#include "agent/api/list_request.h"
#include "agent/api/object_create.h"
#include "agent/api/object_routes.h"

namespace caisson::api {
namespace {

// Pods end in their own time; everything else goes at once.
std::int64_t GraceOf(const store::Object& object, const DeleteOptions& options) {
  if (object.pod == nullptr) return 0;
  return options.grace_seconds.value_or(object.pod->spec.termination_grace_period_seconds);
}

}  // namespace

Reply DeleteObject(const Services& services, const ServedKind& kind, const Request& request) {
  auto options = ReadDeleteOptions(request);
  if (!options) return StatusReply(options.refusal());
  const store::Key key = KeyOf(kind, request);
  const auto object = services.store.Get(key);
  if (!object) return StoreErrorReply(kind, key.name, object.error());
  if (kind.kind == store::Kind::kNamespace) {
    if (const auto refusal = CheckNamespaceEmpty(services, key.name)) return StatusReply(*refusal);
  }
  if (options->dry_run) return ObjectReply(request, kind, 200, *object);
  const auto deleted = services.store.MarkDeleted(key, GraceOf(*object, *options), options->uid);
  if (!deleted) return StoreErrorReply(kind, key.name, deleted.error());
  return ObjectReply(request, kind, 200, *deleted);
}

Reply DeleteMatching(const Services& services, const ServedKind& kind, const Request& request) {
  auto options = ReadDeleteOptions(request);
  if (!options) return StatusReply(options.refusal());
  auto selected = ParseListRequest(request, kind);
  if (!selected) return StatusReply(selected.refusal());
  const store::List list = services.store.ListAll(kind.kind, selected->ns);
  std::vector<store::Object> deleted;
  for (const store::Object& object : list.objects) {
    if (!selected->Matches(*object.document)) continue;
    if (options->dry_run) {
      deleted.push_back(object);
      continue;
    }
    auto marked = services.store.MarkDeleted(object.key, GraceOf(object, *options), object.uid);
    if (marked) {
      deleted.push_back(*std::move(marked));
      continue;
    }
    // Gone meanwhile, or another one of that name has come: not what was asked to go.
    const Code code = marked.error().code();
    if (code != Code::kNotFound && code != Code::kWrongState)
      return StoreErrorReply(kind, object.key.name, marked.error());
  }
  return ObjectListReply(kind, std::to_string(list.resource_version), deleted);
}

}  // namespace caisson::api
