// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/options.h"

#include <gmock/gmock.h>

namespace caisson::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Option kTable[] = {
    {"bundle", "DIR", "the bundle", 'b'},      {"detach", "", "do not wait", 'd'},
    {"env", "NAME=VALUE", "a variable", 'e'},  {"tty", "", "a terminal", 't'},
    {"count", "N", "a number", 'n', {}, true},
};

Result<Parsed> Parse(std::vector<std::string_view> args,
                     Placement placement = Placement::kAnywhere) {
  return ParseOptions(kTable, args, placement);
}

TEST(ParseOptions, TakesValuesInAllForms) {
  for (const std::vector<std::string_view>& args :
       std::vector<std::vector<std::string_view>>{{"--bundle", "/b", "id"},
                                                  {"--bundle=/b", "id"},
                                                  {"-bundle", "/b", "id"},
                                                  {"-b", "/b", "id"},
                                                  {"-b=/b", "id"},
                                                  {"id", "--bundle", "/b"}}) {
    SCOPED_TRACE(args[0]);
    const auto parsed = Parse(args);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(parsed->Get("bundle"), "/b");
    EXPECT_THAT(parsed->arguments(), ElementsAre("id"));
  }
}

TEST(ParseOptions, SwitchesTakeNoArgumentButAnEqualsSign) {
  EXPECT_TRUE(Parse({"-d", "x"})->On("detach"));
  EXPECT_TRUE(Parse({"--detach=1"})->On("detach"));
  EXPECT_FALSE(Parse({"--detach=false"})->On("detach"));
  EXPECT_FALSE(Parse({})->On("detach"));
  EXPECT_THAT(Parse({"-d", "x"})->arguments(), ElementsAre("x"));
}

TEST(ParseOptions, KeepsEveryValueOfARepeatedOptionAndTheLastWins) {
  const auto parsed = Parse({"-e", "A=1", "--env", "B=-2", "-b", "x", "-b", "y"});

  EXPECT_THAT(parsed->All("env"), ElementsAre("A=1", "B=-2"));
  EXPECT_EQ(parsed->Get("bundle"), "y");
}

TEST(ParseOptions, ANumberIsLookedAt) {
  EXPECT_EQ(Parse({"--count", "-3"})->Get("count"), "-3");
  for (const char* const text : {"", "x", "1x", "1.5", "99999999999999999999"}) {
    const auto parsed = Parse({"-n", text});
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message(),
              StrCat("invalid value \"", text, "\" for flag -n: parse error"));
  }
}

TEST(ParseOptions, AValueMayLookLikeAnOption) {
  EXPECT_EQ(Parse({"--bundle", "--detach"})->Get("bundle"), "--detach");
}

TEST(ParseOptions, StopsAtTheFirstArgumentWhereTheCommandSaysSo) {
  const auto parsed = Parse({"-t", "id", "ls", "-d"}, Placement::kBeforeArguments);

  EXPECT_TRUE(parsed->On("tty"));
  EXPECT_FALSE(parsed->On("detach"));
  EXPECT_THAT(parsed->arguments(), ElementsAre("id", "ls", "-d"));
}

TEST(ParseOptions, TwoDashesEndTheOptionsAndOneIsAnArgument) {
  const auto parsed = Parse({"-", "--", "-d", "--"});

  EXPECT_FALSE(parsed->On("detach"));
  EXPECT_THAT(parsed->arguments(), ElementsAre("-", "-d", "--"));
}

TEST(ParseOptions, RefusesWhatItDoesNotKnowAndNamesIt) {
  const auto unknown = Parse({"--nope=1"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(unknown.error().message(), "flag provided but not defined: -nope");

  const auto missing = Parse({"-b"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "flag needs an argument: -b");

  const auto boolean = Parse({"--tty=maybe"});
  ASSERT_FALSE(boolean);
  EXPECT_EQ(boolean.error().message(), "invalid boolean value \"maybe\" for -tty: parse error");
}

TEST(ParseOptions, NothingGivenIsNothingSet) {
  const auto parsed = Parse({});

  EXPECT_FALSE(parsed->Has("bundle"));
  EXPECT_EQ(parsed->Get("bundle", "."), ".");
  EXPECT_THAT(parsed->All("env"), IsEmpty());
}

TEST(DescribeOptions, AlignsTheHelp) {
  EXPECT_THAT(DescribeOptions(kTable),
              HasSubstr("   --bundle DIR, -b DIR             the bundle\n"));
  EXPECT_THAT(DescribeOptions(kTable),
              HasSubstr("   --env NAME=VALUE, -e NAME=VALUE  a variable\n"));
}

}  // namespace
}  // namespace caisson::cli
