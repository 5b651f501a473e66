// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/trace.h"

#include <gmock/gmock.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/support/temp_dir.h"

namespace caisson {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Trace : public ::testing::Test {
 protected:
  Trace() {
    auto file = OpenAt(kCwd, dir_ / "trace", O_WRONLY | O_CREAT | O_APPEND, 0600);
    EXPECT_TRUE(file);
    file_ = std::move(file).value();
    SetTrace(file_.get());
  }
  ~Trace() override {
    SetTrace(-1);
    SetTracePid(0);
  }
  std::string Written() const { return dir_.Read("trace"); }

  test::TempDir dir_;
  UniqueFd file_;
};

TEST_F(Trace, WritesOneJsonLinePerPoint) {
  SetTracePid(4242);

  CAISSON_TRACE(create_5, "/pod/web");

  EXPECT_THAT(Written(), StartsWith("{\"ns\":"));
  EXPECT_THAT(Written(),
              EndsWith(",\"pid\":4242,\"point\":\"create.5\",\"phase\":\"cgroup applied\","
                       "\"object\":\"/pod/web\"}\n"));
}

TEST_F(Trace, EscapesTheObject) {
  CAISSON_TRACE(create_1, "a\"b\\c\nd");

  EXPECT_THAT(Written(), HasSubstr("\"object\":\"a\\\"b\\\\c d\"}\n"));
}

TEST_F(Trace, CutsALongObjectButEndsTheLine) {
  CAISSON_TRACE(create_1, std::string(5000, 'x'));

  EXPECT_LE(Written().size(), 512u);
  EXPECT_THAT(Written(), EndsWith("x\"}\n"));
}

TEST_F(Trace, IsSilentWhenOff) {
  SetTrace(-1);

  CAISSON_TRACE(create_1, "web");

  EXPECT_EQ(Written(), "");
}

}  // namespace
}  // namespace caisson
