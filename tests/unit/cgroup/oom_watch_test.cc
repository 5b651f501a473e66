// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/oom_watch.h"

#include <gmock/gmock.h>
#include <poll.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/support/temp_dir.h"

namespace caisson::cgroup {
namespace {

using test::TempDir;

bool IsReadable(const OomWatch& watch) {
  pollfd wait{.fd = watch.fd().get(), .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, 0) == 1;
}

TEST(OomWatch, TellsWhenV2EventsChange) {
  const TempDir dir;
  dir.Write("memory.events", "oom 0\noom_kill 0\n");
  dir.Write("memory.events.local", "oom 0\noom_kill 0\n");
  auto watch = OomWatch::Open({.directories = {{.version = Version::kV2, .path = dir.path()}}});
  ASSERT_TRUE(watch) << watch.error().message();
  EXPECT_FALSE(IsReadable(*watch));

  // In place, as the kernel changes them.
  ASSERT_TRUE(WriteFileAt(kCwd, dir / "memory.events.local", "oom 1\noom_kill 1\n"));
  ASSERT_TRUE(WriteFileAt(kCwd, dir / "memory.events", "oom 1\noom_kill 2\n"));

  EXPECT_TRUE(IsReadable(*watch));
  const auto counts = watch->Read();
  ASSERT_TRUE(counts);
  EXPECT_EQ(*counts, (OomCounts{.kills = 2, .limit_hits = 1}));
  EXPECT_FALSE(IsReadable(*watch));
}

TEST(OomWatch, WithoutMemoryCgroupIsUnsupported) {
  const auto watch = OomWatch::Open({.directories = {{.controllers = "cpu", .path = "/c/x"}}});

  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code(), Code::kUnsupported);
  EXPECT_EQ(watch.error().message(), "watch for OOM: the container has no memory cgroup");
}

TEST(AttributeOom, NamesTheInnermostLevelWhoseLimitWasHit) {
  const OomCounts none{};
  const OomCounts killed{.kills = 1};
  const OomCounts hit{.kills = 1, .limit_hits = 1};
  EXPECT_EQ(AttributeOom(none, hit, none, none), OomLevel::kContainer);
  EXPECT_EQ(AttributeOom(none, killed, none, hit), OomLevel::kPod);
  EXPECT_EQ(AttributeOom(none, killed, none, killed), OomLevel::kAncestor);
  EXPECT_EQ(AttributeOom(none, hit, none, hit), OomLevel::kContainer);
  EXPECT_EQ(NameOf(OomLevel::kAncestor), "ancestor");
}

}  // namespace
}  // namespace caisson::cgroup
