// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/cri_log.h"

#include <gmock/gmock.h>

#include "runtime/base/strings.h"

namespace caisson::keeper {
namespace {

constexpr std::int64_t kTime = 1769860800'123456789;  // 2026-01-31T12:00:00.123456789Z
constexpr std::string_view kStamp = "2026-01-31T12:00:00.123456789Z";

std::string Fed(RecordCutter& cutter, std::string_view bytes) {
  std::string out;
  cutter.Feed(bytes, kTime, out);
  return out;
}

TEST(FormatRecordTime, HasNineDigitsAndZ) {
  EXPECT_EQ(FormatRecordTime(kTime), kStamp);
  EXPECT_EQ(FormatRecordTime(5), "1970-01-01T00:00:00.000000005Z");
}

TEST(RecordCutter, WholeLinesBecomeFullRecords) {
  RecordCutter cutter(LogStream::kStdout);

  EXPECT_EQ(Fed(cutter, "a\n\nb\n"),
            StrCat(kStamp, " stdout F a\n", kStamp, " stdout F \n", kStamp, " stdout F b\n"));
}

TEST(RecordCutter, LineInPiecesIsOneRecord) {
  RecordCutter cutter(LogStream::kStderr);

  EXPECT_EQ(Fed(cutter, "hel"), "");
  EXPECT_EQ(Fed(cutter, "lo\nrest"), StrCat(kStamp, " stderr F hello\n"));
}

TEST(RecordCutter, LongLineIsCutIntoPartialRecords) {
  RecordCutter cutter(LogStream::kStdout);
  const std::string first(kMaxRecordBytes, 'x');

  const std::string out = Fed(cutter, first + "tail\n");

  EXPECT_EQ(out, StrCat(kStamp, " stdout P ", first, "\n", kStamp, " stdout F tail\n"));
}

TEST(RecordCutter, LineOfExactlyTheLimitIsOneFullRecord) {
  RecordCutter cutter(LogStream::kStdout);
  const std::string line(kMaxRecordBytes, 'x');

  EXPECT_EQ(Fed(cutter, line + "\n"), StrCat(kStamp, " stdout F ", line, "\n"));
}

TEST(RecordCutter, LongLineInPiecesIsCutAtTheSamePlace) {
  RecordCutter cutter(LogStream::kStdout);
  const std::string half(kMaxRecordBytes / 2, 'x');

  EXPECT_EQ(Fed(cutter, half), "");
  EXPECT_EQ(Fed(cutter, half + "y\n"),
            StrCat(kStamp, " stdout P ", half, half, "\n", kStamp, " stdout F y\n"));
}

TEST(RecordCutter, LineOfExactlyTheLimitMayEndInTheNextRead) {
  RecordCutter cutter(LogStream::kStdout);
  const std::string line(kMaxRecordBytes, 'x');

  EXPECT_EQ(Fed(cutter, line), "");
  EXPECT_EQ(Fed(cutter, "\n"), StrCat(kStamp, " stdout F ", line, "\n"));
}

TEST(RecordCutter, LineWithoutItsEndIsARecordWhenTheStreamEnds) {
  RecordCutter cutter(LogStream::kStdout);
  EXPECT_EQ(Fed(cutter, "last"), "");

  std::string out;
  cutter.Finish(kTime, out);
  cutter.Finish(kTime, out);

  EXPECT_EQ(out, StrCat(kStamp, " stdout F last\n"));
}

}  // namespace
}  // namespace caisson::keeper
