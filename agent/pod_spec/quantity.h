// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::pod_spec {

// An amount as Kubernetes writes it: "100m", "1.5", "128Mi", "2e3". Kept as a whole number of
// nano-units. As in Kubernetes, finer values are rounded up and larger ones than int64 capped.
// Thread-compatible: plain data.
class Quantity {
 public:
  Quantity() = default;

  // Errors: kInvalidSpec, in the words of resource.Quantity.
  // Source: k8s.io/apimachinery/pkg/api/resource, Quantity grammar.
  static Result<Quantity> Parse(std::string_view text);
  static Quantity FromWhole(std::int64_t value);

  // Rounded up, as Kubernetes does; saturates at the limits of int64.
  std::int64_t ToWhole() const;  // bytes, counts
  std::int64_t ToMilli() const;  // milli-CPUs

  // As the user wrote it.
  const std::string& text() const { return text_; }

  bool is_negative() const { return nano_ < 0; }
  bool is_zero() const { return nano_ == 0; }
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.nano_ == b.nano_; }
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
    return a.nano_ <=> b.nano_;
  }

 private:
  __extension__ using Wide = __int128;
  Wide nano_ = 0;
  std::string text_ = "0";
};

}  // namespace caisson::pod_spec
