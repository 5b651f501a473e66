// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/id_mapping.h"

namespace caisson::cgroup::systemd {

// Pure: the annotations "org.systemd.property.NAME" as the helper takes properties. Values are of
// GVariant's text: true, 'text', ['a', 'b'], 5, uint64 5, 0.5. As with runc, a NAME that ends in
// Sec takes seconds and becomes systemd's NAMEUSec. Errors: kInvalidSpec naming the annotation.
Result<std::vector<std::string>> AnnotatedProperties(const spec::StringMap& annotations);

}  // namespace caisson::cgroup::systemd
