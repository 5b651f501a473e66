// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::image {

// The name of an image, in full: "busybox" is docker.io/library/busybox:latest.
// Source: the reference grammar of distribution/reference, as docker, podman and Kubernetes read
// it.
struct Reference {
  std::string registry;    // "docker.io", "localhost:5000"
  std::string repository;  // "library/busybox"
  std::string tag;         // empty only when there is a digest
  std::string digest;      // "sha256:<64 hex>" or empty

  // "docker.io/library/busybox:1.36@sha256:..."
  std::string ToString() const;
  // As people write it: "busybox:1.36".
  std::string Familiar() const;
  friend bool operator==(const Reference&, const Reference&) = default;
};

// Errors: kInvalidSpec saying which part is wrong.
Result<Reference> ParseReference(std::string_view text);

// Whether `text` is "sha256:" and 64 lower-case hexadecimal digits.
bool IsDigest(std::string_view text);

}  // namespace caisson::image
