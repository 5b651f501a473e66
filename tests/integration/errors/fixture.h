// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/bundle.h"
#include "tests/support/leak_check.h"
#include "tests/support/need.h"

namespace caisson::test {

// A mistake in a configuration and the whole line that the program prints for it; "{bundle}" stands
// for the bundle's directory.
struct Mistake {
  const char* name;
  std::function<void(spec::Config&)> make;
  std::string sentence;
};

// Runs the real program on one mistake after the other; the host is afterwards as it was before.
class Sentences : public ::testing::Test {
 protected:
  void SetUp() override { CAISSON_REQUIRE(Need::kRoot, Need::kBusybox); }

  // With --log the terminal gets the plain sentence.
  CommandOutput Plain(std::vector<std::string> args) const {
    args.insert(args.begin(), {"--log", caisson_.log()});
    return caisson_.Run(std::move(args));
  }
  void Expect(const std::vector<Mistake>& mistakes) {
    const spec::Config good = bundle_.config();
    for (const Mistake& mistake : mistakes) {
      SCOPED_TRACE(mistake.name);
      bundle_.config() = good;
      mistake.make(bundle_.config());
      bundle_.Save();
      const CommandOutput ran = Plain({"run", "-b", bundle_.path(), caisson_.Id("error")});
      EXPECT_EQ(ran.status.ShellCode(), 1);
      EXPECT_EQ(ran.err, StrCat(InBundle(mistake.sentence), "\n"));
      EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "") << "the container is still there";
    }
  }
  std::string InBundle(std::string text) const {
    constexpr std::string_view kMark = "{bundle}";
    for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark))
      text.replace(at, kMark.size(), bundle_.path());
    return text;
  }

  LeakCheck leaks_;  // first, so that it looks last
  Caisson caisson_;
  Bundle bundle_;
};

}  // namespace caisson::test
