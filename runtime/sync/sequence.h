// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/sync/message.h"

namespace caisson::sync {

// Which messages the peer must send, in order: the plan knows exactly which. Pure, so that it is
// tested without processes. Thread-compatible: one owner at a time.
class Sequence {
 public:
  explicit Sequence(std::vector<Type> expected) : expected_(std::move(expected)) {}

  // The next one in order passes; kFailed passes at any time and ends the sequence.
  // Errors: kInternal for a message out of order or after the end; kUnsupported for another
  // version.
  Status Accept(const Message& message);

  // kNone after the last.
  Type next() const { return at_ < expected_.size() ? expected_[at_] : Type::kNone; }
  bool complete() const { return at_ == expected_.size(); }

 private:
  std::vector<Type> expected_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace caisson::sync
