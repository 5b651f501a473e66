// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace caisson::test {

// Another process that exchanges two names as fast as it can, from the host, which is faster than
// from a container that shares the directory.
class Exchanger {
 public:
  Exchanger(const std::string& a, const std::string& b);
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;
  ~Exchanger();

  // How often it has done it, as the kernel confirmed.
  std::int64_t count() const { return count_ == nullptr ? 0 : count_->load(); }
  // How often it shall: 100 000 times; CAISSON_RACE_EXCHANGES makes it more.
  static std::int64_t Wanted();
  bool enough() const { return count() >= Wanted(); }

 private:
  std::atomic<std::int64_t>* count_ = nullptr;
  pid_t pid_ = -1;
};

}  // namespace caisson::test
