// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {

// How much of each object a Table's rows carry.
enum class IncludeObject { kNone, kMetadata, kObject };

struct TableRequest {
  std::string_view kind;  // "Pod", "Node", "Namespace", "Event", "ConfigMap", "Secret"
  std::string resource_version;
  IncludeObject include = IncludeObject::kMetadata;
  bool columns = true;  // a watch sends them once
  Time now{};
};

// meta.k8s.io/v1 Table, which `kubectl get` prints as it comes. Kinds that are not known show their
// name and age. Source: k8s.io/kubernetes/pkg/printers/internalversion.
nlohmann::json MakeTable(const TableRequest& request,
                         const std::vector<std::shared_ptr<const nlohmann::json>>& objects);

}  // namespace caisson::pod_spec
