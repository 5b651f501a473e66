// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/document.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace caisson::pod_spec {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseJson, SyntaxErrorsNameLineAndColumn) {
  const auto parsed = ParseJson("{\n  \"a\": }");

  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), Code::kInvalidSpec);
  EXPECT_THAT(parsed.error().message(), HasSubstr("malformed JSON at line 2, column 8"));
}

TEST(ParseJson, DuplicateKeysAreToldByTheirPath) {
  const auto parsed = ParseJson(R"({"a":[{"b":1,"b":2}],"a":3})");

  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_THAT(parsed->duplicate_fields, ElementsAre("a[0].b", "a"));
}

TEST(ParseJson, DeepNestingIsRefused) {
  const auto parsed = ParseJson(std::string(100000, '['));

  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message(), "JSON is nested deeper than 100 levels");
}

TEST(ParseYaml, PlainScalarsFollowTheCoreSchema) {
  const auto parsed = ParseYaml(
      "a: 1\nb: -2\nc: 0x10\nd: 0644\ne: 1.5\nf: true\ng: ~\nh: yes\ni: \"7\"\nj: 1e3\nk: '~'\n"
      "l: !!str 12\nm:\nn: .5\no: 0o17\np: 2026-01-31\nq: +5\nr: 1_000\n");

  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->size(), 1U);
  EXPECT_EQ(*parsed->front().value,
            json::parse(R"({"a":1,"b":-2,"c":16,"d":420,"e":1.5,"f":true,"g":null,"h":"yes","i":"7",
                            "j":1000.0,"k":"~","l":"12","m":null,"n":0.5,"o":15,"p":"2026-01-31","q":5,"r":"1_000"})"));
}

TEST(ParseYaml, SeveralDocumentsComeInOrderWithoutEmptyOnes) {
  const auto parsed = ParseYaml("---\na: 1\n---\n# nothing\n---\nb: [x, {y: z}]\n");

  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ(*parsed->at(1).value, json::parse(R"({"b":["x",{"y":"z"}]})"));
}

TEST(ParseYaml, AliasesAndMergeKeysAreWrittenOut) {
  const auto parsed = ParseYaml("base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\ncopy: *b\n");

  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(*parsed->front().value,
            json::parse(R"({"base":{"x":1,"y":2},"use":{"x":1,"y":3},"copy":{"x":1,"y":2}})"));
}

TEST(ParseYaml, AnAliasBombIsRefusedWithoutGrowing) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += StrCat("a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) bomb += StrCat(j == 0 ? "" : ",", "*a", i - 1);
    bomb += "]\n";
  }

  const auto parsed = ParseYaml(bomb);

  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message(), HasSubstr("the document is more than 500000 values"));
}

TEST(ParseYaml, ErrorsNameLineAndColumn) {
  struct Case {
    const char* text;
    const char* message;
  };
  for (const Case& c : {Case{"a: [1, 2\nb: 3\n", "malformed YAML at line"},
                        {"a: !!binary aGk=\n", "tag \"tag:yaml.org,2002:binary\" is not supported"},
                        {"? [a]\n: b\n", "a key must be a scalar"},
                        {"a: &a [*a]\n", "malformed YAML at line 1"}}) {
    SCOPED_TRACE(c.text);
    const auto parsed = ParseYaml(c.text);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message(), HasSubstr(c.message));
  }
}

TEST(ParseYaml, TextThatNoDocumentCanBeginWithIsRefusedAndNotReadForEver) {
  for (const char* text : {",i", "a: b\n---\n,i", "]", "}\n"}) {
    SCOPED_TRACE(text);
    const auto parsed = ParseYaml(text);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message(), HasSubstr("malformed YAML at line"));
  }
}

TEST(ParseYaml, DeepNestingIsRefused) {
  const auto parsed = ParseYaml(std::string(5000, '['));

  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message(), HasSubstr("malformed YAML"));
}

}  // namespace
}  // namespace caisson::pod_spec
