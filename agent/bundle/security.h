// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "agent/pod_spec/pod.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"
#include "runtime/spec/seccomp.h"

namespace caisson::bundle {

// The set that containerd and Docker give, with `add` and `drop` applied; all of them when
// privileged. "ALL" in `drop` goes first, as everywhere. Names may lack "CAP_".
// Errors: kInvalidSpec for a capability that there is not.
Result<spec::Capabilities> MakeCapabilities(const pod_spec::SecurityContext& context);

// The name of the AppArmor profile that the container (or else the pod) asks for; empty for another
// type than Localhost and for a privileged container.
std::string AppArmorProfileOf(const pod_spec::PodSpec& pod,
                              const pod_spec::SecurityContext& context);

// The seccomp profile that the container (or else the pod) asks for; nothing for Unconfined, for a
// privileged container and when nobody asks. `localhost` is the text of a Localhost profile.
// Errors: kInvalidSpec for a type that there is not or a profile that cannot be parsed.
Result<std::optional<spec::Seccomp>> MakeSeccomp(const pod_spec::PodSpec& pod,
                                                 const pod_spec::SecurityContext& context,
                                                 const std::string& localhost);

// What type RuntimeDefault means: everything that ordinary programs use is allowed, everything else
// answers EPERM; some calls only with the capability that they are for.
spec::Seccomp RuntimeDefaultSeccomp(const spec::Capabilities& capabilities);

}  // namespace caisson::bundle
