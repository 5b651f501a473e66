// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace caisson::pod_spec {

// One type a line: "Name: field type, field type...". A type is one of string bool int32 int64 time
// quantity port bytes any, or the name of another line; "[]" before it makes a list, "{}" a map
// with string keys; "!key" after it says that a strategic merge patch joins the list by that key
// ("!*": a set of scalars). Source: k8s.io/api/core/v1 and k8s.io/apimachinery/pkg/apis/meta/v1,
// release 1.32.
extern const std::string_view kSchemaTypes;

}  // namespace caisson::pod_spec
