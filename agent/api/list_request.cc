// SPDX-License-Identifier: Apache-2.0
#include "agent/api/list_request.h"

namespace caisson::api {

using pod_spec::BadRequestStatus;
using pod_spec::IncludeObject;

bool WantsTable(const Request& request) {
  // v1beta1 has the same form; all clients in the field also offer v1.
  return request.Header("accept").find("as=Table") != std::string::npos;
}

Outcome<ListRequest> ParseListRequest(const Request& request, const ServedKind& kind) {
  ListRequest list;
  list.ns = request.Param("ns");
  auto labels = pod_spec::LabelSelector::Parse(request.Query("labelSelector").value_or(""));
  if (!labels) return BadRequestStatus(StrCat("labelSelector: ", labels.error().message()));
  list.labels = *std::move(labels);
  auto fields =
      pod_spec::FieldSelector::Parse(request.Query("fieldSelector").value_or(""), kind.info().name);
  if (!fields) return BadRequestStatus(StrCat("fieldSelector: ", fields.error().message()));
  list.fields = *std::move(fields);

  list.as_table = WantsTable(request);
  const std::string include = request.Query("includeObject").value_or("Metadata");
  if (include == "None") list.include = IncludeObject::kNone;
  if (include == "Object") list.include = IncludeObject::kObject;
  list.watch = request.Flag("watch");
  list.bookmarks = request.Flag("allowWatchBookmarks");
  list.initial_events = request.Flag("sendInitialEvents");
  if (const auto text = request.Query("resourceVersion"); text && !text->empty()) {
    const auto version = ParseInt<std::uint64_t>(*text);
    if (!version)
      return BadRequestStatus(StrCat("resourceVersion: Invalid value: \"", *text,
                                     "\": strconv.ParseUint: invalid syntax"));
    list.resource_version = *version;
  }
  if (const auto text = request.Query("timeoutSeconds"); text && !text->empty()) {
    const auto seconds = ParseInt<std::int64_t>(*text);
    if (!seconds || *seconds < 0)
      return BadRequestStatus(StrCat("timeoutSeconds: Invalid value: \"", *text, "\""));
    if (*seconds > 0) list.timeout_seconds = *seconds;
  }
  return list;
}

}  // namespace caisson::api
