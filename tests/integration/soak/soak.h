// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "runtime/base/strings.h"

namespace caisson::test {

// How many cycles a soak has: few by default, so that every run of all tests has some.
inline int SoakCycles(int by_default) {
  const char* const wanted = std::getenv("CAISSON_SOAK_CYCLES");
  return wanted != nullptr ? ParseInt<int>(wanted).value_or(by_default) : by_default;
}

// Prints how long it took when it goes out of scope.
class SoakTimer {
 public:
  SoakTimer(std::string_view what, int count) : what_(what), count_(count) {}
  SoakTimer(const SoakTimer&) = delete;
  SoakTimer& operator=(const SoakTimer&) = delete;
  ~SoakTimer() {
    const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin_);
    std::cout << what_ << ": " << count_ << " in " << taken.count() << " ms\n";
  }

 private:
  std::string_view what_;
  int count_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace caisson::test
