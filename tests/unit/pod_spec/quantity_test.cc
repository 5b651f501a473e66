// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/quantity.h"

#include <gmock/gmock.h>

#include <limits>

namespace caisson::pod_spec {
namespace {

using testing::HasSubstr;

TEST(QuantityParse, EverySuffixGivesItsAmount) {
  struct Case {
    const char* text;
    std::int64_t whole;
    std::int64_t milli;
  };
  for (const Case& c : {Case{"0", 0, 0},
                        {"1", 1, 1000},
                        {"100m", 1, 100},
                        {"1.5", 2, 1500},
                        {".5", 1, 500},
                        {"5.", 5, 5000},
                        {"+2k", 2000, 2000000},
                        {"128Mi", 134217728, 134217728000},
                        {"1.5Gi", 1610612736, 1610612736000},
                        {"2e3", 2000, 2000000},
                        {"2E3", 2000, 2000000},
                        {"1E", 1000000000000000000, std::numeric_limits<std::int64_t>::max()},
                        {"1500u", 1, 2},
                        {"1n", 1, 1},
                        {"1e-3", 1, 1},
                        {"-1.5", -1, -1500}}) {
    SCOPED_TRACE(c.text);
    const auto parsed = Quantity::Parse(c.text);

    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->ToWhole(), c.whole);
    EXPECT_EQ(parsed->ToMilli(), c.milli);
    EXPECT_EQ(parsed->text(), c.text);
  }
}

TEST(QuantityParse, AmountsBeyondInt64AreCapped) {
  for (const char* text :
       {"9e30", "99999999999999999999999999999999999999999999", "16Ei", "1e999"}) {
    SCOPED_TRACE(text);
    const auto parsed = Quantity::Parse(text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->ToWhole(), std::numeric_limits<std::int64_t>::max());
  }
}

TEST(QuantityParse, MalformedTextIsRefusedWithTheGrammar) {
  for (const char* text :
       {"", "m", "1.2.3", "1 Gi", "1gi", "0x10", "1e", "--1", "1KiB", "e3", "1e99999"}) {
    SCOPED_TRACE(text);
    const auto parsed = Quantity::Parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message(),
                HasSubstr("quantities must match the regular expression"));
  }
}

TEST(QuantityCompare, EqualAmountsInDifferentNotationsAreEqual) {
  EXPECT_EQ(*Quantity::Parse("1000m"), *Quantity::Parse("1"));
  EXPECT_EQ(*Quantity::Parse("1Ki"), *Quantity::Parse("1024"));
  EXPECT_LT(*Quantity::Parse("999m"), *Quantity::Parse("1"));
}

}  // namespace
}  // namespace caisson::pod_spec
