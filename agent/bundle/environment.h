// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/bundle/bundle.h"
#include "runtime/base/error.h"

namespace caisson::bundle {

// Replaces $(NAME) by its value. A name that is not there stays as it is; "$$" is one "$", so
// "$$(NAME)" is the text "$(NAME)". Source: Kubernetes, third_party/forked/golang/expansion.
std::string Expand(std::string_view text, const std::map<std::string, std::string>& values);

struct Environment {
  std::vector<std::string> list;              // "NAME=value": the image's, then the pod's
  std::map<std::string, std::string> values;  // of the pod's alone: what $(NAME) may refer to
};

// HOSTNAME, the image's variables, envFrom in order, then env in order with all its sources.
// Errors: kInvalidSpec, in kubelet's words: configmap "x" not found; couldn't find key k in Secret
// ns/x; a field path that there is not.
Result<Environment> MakeEnvironment(const BundleRequest& request);

// The value of a downward API field: metadata.name, metadata.labels['k'], status.podIP...
// Errors: kInvalidSpec "unsupported fieldPath: ...".
Result<std::string> FieldValue(const BundleRequest& request, const std::string& path);

// requests.* and limits.* of a container, in units of `divisor`, rounded up. A limit that is not
// set is the node's capacity.
Result<std::string> ResourceValue(const BundleRequest& request,
                                  const pod_spec::ResourceFieldSelector& selector);

// The image's entrypoint and cmd under the container's command and args, expanded.
// Errors: kInvalidSpec "no command specified".
Result<std::vector<std::string>> MakeArguments(const BundleRequest& request,
                                               const std::map<std::string, std::string>& values);

}  // namespace caisson::bundle
