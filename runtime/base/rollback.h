// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace caisson {

// Undo steps of a multi-step creation, run newest first when the creation fails.
//   Rollback undo;
//   CAISSON_TRY(MakeA());  undo.Add([&] { RemoveA(); });
//   CAISSON_TRY(MakeB());  // failing here removes A
//   undo.Disarm();
// A step must not throw. Thread-compatible: one owner at a time.
class Rollback {
 public:
  Rollback() = default;
  Rollback(Rollback&& other) noexcept : steps_(std::move(other.steps_)) { other.steps_.clear(); }
  Rollback& operator=(Rollback&&) = delete;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() { Run(); }

  void Add(std::function<void()> step) { steps_.push_back(std::move(step)); }
  void Disarm() { steps_.clear(); }
  void Run() {
    while (!steps_.empty()) {
      const auto step = std::move(steps_.back());
      steps_.pop_back();
      step();
    }
  }

 private:
  std::vector<std::function<void()>> steps_;
};

}  // namespace caisson
