// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/process.h"
#include "tests/support/temp_dir.h"

namespace caisson::api {

// A stock kubectl with a home of its own, for one server. Looks for CAISSON_KUBECTL, then for the
// one that tests/support/kubectl/build makes, then in PATH.
class Kubectl {
 public:
  explicit Kubectl(std::uint16_t port);

  // Empty when there is one, else what to do.
  std::string Missing() const;
  struct Output {
    int code = -1;
    std::string out;
    std::string err;
  };
  Output Run(std::vector<std::string> args, const std::string& input = {}) const;
  // Starts it with its output in a file of `dir`; killed when the guard goes.
  ChildGuard Start(std::vector<std::string> args, const std::string& out_file) const;

 private:
  Command CommandFor(std::vector<std::string> args) const;

  std::uint16_t port_;
  test::TempDir home_;
  std::string program_;
};

}  // namespace caisson::api
