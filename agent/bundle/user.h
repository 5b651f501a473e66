// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/pod_spec/pod.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"

namespace caisson::bundle {

// A user as the image's /etc/passwd and /etc/group know it.
struct ImageUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids;
  std::string home = "/";
};

// The name or number to look up in the image: runAsUser, else the image's own ("" is root).
std::string UserToResolve(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                          const std::string& image_user);

// Who the container runs as: `found` (what UserToResolve led to) under securityContext.
// Errors: kInvalidSpec, in kubelet's words, when runAsNonRoot meets root or a name.
// Source: Kubernetes, "Configure a Security Context for a Pod or Container".
Result<spec::User> MakeUser(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                            const std::string& image_user, const ImageUser& found);

}  // namespace caisson::bundle
