// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <poll.h>

#include "tests/support/bundle.h"
#include "tests/support/leak_check.h"
#include "tests/support/need.h"

namespace caisson::test {

// Drives the real program as root; the host is afterwards as it was before.
class Lifecycle : public ::testing::Test {
 protected:
  void SetUp() override { CAISSON_REQUIRE(Need::kRoot, Need::kBusybox); }

  // `run` with the bundle, to its end.
  CommandOutput RunBundle(std::string_view name, std::vector<std::string> options = {}) {
    std::vector<std::string> args = {"run", "--bundle", bundle_.path()};
    args.insert(args.end(), options.begin(), options.end());
    args.push_back(caisson_.Id(name));
    return caisson_.Run(std::move(args));
  }
  // A container that sleeps until it is killed.
  std::string Sleeper(std::string_view name) {
    bundle_.Args({"/bin/sleep", "600"});
    std::string id = caisson_.Id(name);
    const CommandOutput ran = caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id});
    EXPECT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
    return id;
  }

  // A line of sh(1) that ends in the command: "export X=1; exec" and {"list"}.
  CommandOutput Shell(const std::string& before, std::vector<std::string> args) {
    std::string line = before;
    for (const std::string& arg : caisson_.CommandFor(std::move(args)).argv)
      line.append(" '").append(arg).append("'");
    auto ran = RunCommand({.argv = {"/bin/sh", "-c", line}}, "",
                          Deadline::After(std::chrono::seconds(30)));
    EXPECT_TRUE(ran) << line;
    return ran ? std::move(ran).value() : CommandOutput();
  }

  // Until `holds`, looking every few milliseconds: for what nothing can be waited on.
  template <class Condition>
  static void Await(const Condition& holds) {
    const Deadline deadline = Deadline::After(std::chrono::seconds(20));
    while (!holds()) {
      ASSERT_FALSE(deadline.passed()) << "nothing came of it in 20 seconds";
      ::poll(nullptr, 0, 5);
    }
  }

  LeakCheck leaks_;  // first, so that it looks last
  Caisson caisson_;
  Bundle bundle_;
};

}  // namespace caisson::test
