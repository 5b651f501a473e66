// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/log_file.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace caisson::keeper {
namespace {

using ::testing::HasSubstr;

LogFile OpenLog(const test::TempDir& dir, keeper_client::LogRotation rotation) {
  auto log = LogFile::Open(dir / "0.log", rotation);
  if (!log) ADD_FAILURE() << log.error().message();
  return std::move(*log);
}

bool Exists(const test::TempDir& dir, std::string_view name) {
  return ::access((dir / name).c_str(), F_OK) == 0;
}

TEST(LogFile, GoesOnWithAnExistingFile) {
  const test::TempDir dir;
  dir.Write("0.log", "old\n");
  LogFile log = OpenLog(dir, {});

  ASSERT_TRUE(log.Append("new\n"));

  EXPECT_EQ(dir.Read("0.log"), "old\nnew\n");
}

TEST(LogFile, IsPutAsideBeforeItWouldBeTooLarge) {
  const test::TempDir dir;
  LogFile log = OpenLog(dir, {.max_bytes = 8, .max_files = 3});

  for (const char* record : {"1234\n", "5678\n", "9abc\n"}) ASSERT_TRUE(log.Append(record));

  EXPECT_EQ(dir.Read("0.log"), "9abc\n");
  EXPECT_EQ(dir.Read("0.log.1"), "5678\n");
  EXPECT_EQ(dir.Read("0.log.2"), "1234\n");
}

TEST(LogFile, KeepsNoMoreFilesThanConfigured) {
  const test::TempDir dir;
  LogFile log = OpenLog(dir, {.max_bytes = 8, .max_files = 2});

  for (const char* record : {"1234\n", "5678\n", "9abc\n"}) ASSERT_TRUE(log.Append(record));

  EXPECT_EQ(dir.Read("0.log.1"), "5678\n");
  EXPECT_FALSE(Exists(dir, "0.log.2"));
}

TEST(LogFile, OfOneFileBeginsAnew) {
  const test::TempDir dir;
  LogFile log = OpenLog(dir, {.max_bytes = 8, .max_files = 1});

  ASSERT_TRUE(log.Append("1234\n"));
  ASSERT_TRUE(log.Append("5678\n"));

  EXPECT_EQ(dir.Read("0.log"), "5678\n");
  EXPECT_FALSE(Exists(dir, "0.log.1"));
}

TEST(LogFile, RecordLargerThanTheLimitIsWhole) {
  const test::TempDir dir;
  LogFile log = OpenLog(dir, {.max_bytes = 4, .max_files = 2});

  ASSERT_TRUE(log.Append("123456789\n"));

  EXPECT_EQ(dir.Read("0.log"), "123456789\n");
}

// A size limit of the process stands in for a full disk: write(2) takes a part, then fails.
TEST(LogFile, WhatTheDiskRefusesIsKeptAndWrittenLater) {
  const test::TempDir dir;
  LogFile log = OpenLog(dir, {});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 6, .rlim_max = before.rlim_max};

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status refused = log.Append("12345678\n");
  const Status again = log.Append("next\n");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  const bool backlog = log.backlog();
  const Status flushed = log.Flush();
  ::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sys_errno(), EFBIG);
  EXPECT_THAT(refused.error().message(), HasSubstr("write \""));
  EXPECT_FALSE(again);
  EXPECT_TRUE(backlog);
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_FALSE(log.backlog());
  EXPECT_EQ(dir.Read("0.log"), "12345678\nnext\n");
}

TEST(LogFile, FolderThatIsNotThereIsNamed) {
  const test::TempDir dir;

  const auto log = LogFile::Open(dir / "none/0.log", {});

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code(), Code::kNotFound);
  EXPECT_THAT(log.error().message(), HasSubstr("container log: open \""));
}

}  // namespace
}  // namespace caisson::keeper
