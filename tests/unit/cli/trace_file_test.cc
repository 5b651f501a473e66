// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/trace_file.h"

#include <gmock/gmock.h>

namespace caisson::cli {
namespace {

using ::testing::HasSubstr;

constexpr char kTrace[] =
    R"({"ns":2500,"pid":8,"point":"create.9","phase":"final init stage","object":"a \"b\"; c"})"
    "\n"
    R"({"ns":1000,"pid":7,"point":"create.1","phase":"validated","object":"web"})"
    "\n";

std::vector<TraceLine> Lines() {
  auto lines = ParseTrace(kTrace);
  EXPECT_TRUE(lines) << lines.error().message();
  return lines ? *lines : std::vector<TraceLine>();
}

TEST(ParseTrace, ReadsLinesInTheOrderOfTime) {
  const auto lines = Lines();

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].point, "create.1");
  EXPECT_EQ(lines[1].ns, 2500U);
  EXPECT_EQ(lines[1].pid, 8);
  EXPECT_EQ(lines[1].object, "a \"b\"; c");
}

TEST(ParseTrace, NamesTheLineThatIsNone) {
  for (const char* const bad : {"x", "{\"ns\":1}", "{\"ns\":-1,\"pid\":1", "\n\n{}"}) {
    SCOPED_TRACE(bad);
    const auto lines = ParseTrace(bad);
    ASSERT_FALSE(lines);
    EXPECT_THAT(lines.error().message(), HasSubstr(": not a line of a trace"));
  }
}

TEST(RenderTimeline, ShowsTimesFromTheFirstPoint) {
  const std::string text = RenderTimeline(Lines());

  EXPECT_THAT(text,
              HasSubstr("       0.000       0.000        7  create.1          validated (web)\n"));
  EXPECT_THAT(text, HasSubstr("       1.500       1.500        8  create.9 "));
}

TEST(RenderChrome, IsOneSpanForEachPoint) {
  const std::string text = RenderChrome(Lines());

  EXPECT_THAT(text, ::testing::StartsWith("{\"traceEvents\":["));
  EXPECT_THAT(text,
              HasSubstr(R"("name":"create.9","cat":"caisson","ph":"X","ts":1.500,"dur":0.000)"));
  EXPECT_THAT(text, HasSubstr(R"("object":"a \"b\"; c")"));
}

TEST(RenderMermaid, IsASequenceBetweenProcesses) {
  const std::string text = RenderMermaid(Lines());

  EXPECT_THAT(text, ::testing::StartsWith("sequenceDiagram\n    participant p7 as pid 7\n"));
  EXPECT_THAT(text, HasSubstr("p7->>p8: create.9 final init stage (a \"b\", c) +1.500us\n"));
}

TEST(RenderAll, TakeAnEmptyTrace) {
  const auto none = ParseTrace("");
  ASSERT_TRUE(none);
  EXPECT_THAT(RenderTimeline(*none), HasSubstr("point"));
  EXPECT_THAT(RenderChrome(*none), HasSubstr("traceEvents"));
  EXPECT_EQ(RenderMermaid(*none), "sequenceDiagram\n");
}

}  // namespace
}  // namespace caisson::cli
