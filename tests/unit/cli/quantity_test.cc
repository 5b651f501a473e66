// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/quantity.h"

#include <gtest/gtest.h>

namespace caisson::cli {
namespace {

using std::chrono::nanoseconds;

TEST(ParseBytes, TakesWhatDockerAndRuncTake) {
  const std::pair<std::string_view, std::int64_t> kCases[] = {
      {"0", 0},
      {"512", 512},
      {"512b", 512},
      {"1k", 1024},
      {"1K", 1024},
      {"64m", 64 << 20},
      {"64MB", 64 << 20},
      {"10MiB", 10 << 20},
      {"10 mib", 10 << 20},
      {"1.5g", 3LL << 29},
      {".5k", 512},
      {"2t", 2LL << 40},
      {"1p", 1LL << 50},
      {"-1", -1},
      {"9223372036854775807", INT64_MAX},
      {"0.0000000009k", 0},
  };
  for (const auto& [text, bytes] : kCases) EXPECT_EQ(ParseBytes(text), bytes) << text;
}

TEST(ParseBytes, RefusesOtherTextAndMoreThanFits) {
  for (const std::string_view text :
       {"", "x", "m", ".", "-2", "-1m", "1x", "1mm", "1  m", "1mibs", "1i", "1.5.5k", "0x10",
        "9223372036854775808", "8192p", "9007199254740992k", "+1"})
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
}

TEST(ParseDuration, TakesGosForms) {
  const std::pair<std::string_view, nanoseconds> kCases[] = {
      {"0", nanoseconds(0)},
      {"0s", nanoseconds(0)},
      {"5s", std::chrono::seconds(5)},
      {"500ms", std::chrono::milliseconds(500)},
      {"1m30s", std::chrono::seconds(90)},
      {"1h2m3s4ms5us6ns", nanoseconds(3'723'004'005'006)},
      {"1.5h", std::chrono::minutes(90)},
      {".5s", std::chrono::milliseconds(500)},
      {"7\u00b5s", std::chrono::microseconds(7)},
      {"7\u03bcs", std::chrono::microseconds(7)},
      {"-2us", nanoseconds(-2000)},
      {"+2us", nanoseconds(2000)},
  };
  for (const auto& [text, duration] : kCases) EXPECT_EQ(ParseDuration(text), duration) << text;
}

TEST(ParseDuration, RefusesOtherTextAndMoreThanFits) {
  for (const std::string_view text : {"", "-", "5", "s", "1x", "1s5", "1 s", "1d", ".s", "--1s",
                                      "9999999h", "2562047h9999h", "99999999999999999999s"})
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace caisson::cli
