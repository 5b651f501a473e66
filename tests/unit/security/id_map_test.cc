// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/id_map.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/wait.h>

#include "runtime/base/file.h"
#include "tests/support/need.h"

namespace caisson::security {
namespace {

using spec::IdMapping;
using test::Need;
using testing::HasSubstr;

const std::vector<IdMapping> kOne = {{.container_id = 0, .host_id = 100000, .size = 65536}};

std::string Sentence(const std::vector<IdMapping>& uids,
                     const std::vector<IdMapping>& gids = kOne) {
  const auto plan = PlanIdMap(uids, gids, {});
  return plan ? "no error" : plan.error().message();
}

TEST(PlanIdMap, ValidMapsAreKeptInOrder) {
  const std::vector<IdMapping> uids = {{1000, 5, 1}, {0, 100000, 1000}};

  const auto plan = PlanIdMap(uids, kOne, {});

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->uids, uids);
  EXPECT_EQ(plan->writer, IdMapWriter::kDirect);
  EXPECT_FALSE(plan->deny_setgroups);
  EXPECT_EQ(IdMapText(plan->uids), "1000 5 1\n0 100000 1000\n");
}

TEST(PlanIdMap, MistakesNameTheEntry) {
  EXPECT_EQ(Sentence({}), "linux.uidMappings: a new user namespace needs at least one");
  EXPECT_EQ(Sentence(kOne, {}), "linux.gidMappings: a new user namespace needs at least one");
  EXPECT_EQ(Sentence({{0, 1, 0}}), "linux.uidMappings[0]: size is 0");
  EXPECT_EQ(Sentence({{0, 4294967295u, 1}}),
            "linux.uidMappings[0]: reaches beyond the last id, 4294967294");
  EXPECT_EQ(Sentence({{0, 2, 4294967295u}}),
            "linux.uidMappings[0]: reaches beyond the last id, 4294967294");
  EXPECT_EQ(Sentence({{0, 0, 10}, {9, 100, 1}}),
            "linux.uidMappings[1]: its containerID range overlaps that of entry 0");
  EXPECT_EQ(Sentence({{0, 100, 10}, {20, 90, 11}}),
            "linux.uidMappings[0]: its hostID range overlaps that of entry 1");
  EXPECT_EQ(Sentence(std::vector<IdMapping>(341, {0, 0, 1})),
            "linux.uidMappings: more than 340 entries");
}

TEST(PlanIdMap, WholeRangeFits) { EXPECT_EQ(Sentence({{0, 0, 4294967295u}}), "no error"); }

TEST(PlanIdMap, TextLongerThanAPageIsRefusedBeforeTheKernelDoes) {
  std::vector<IdMapping> many;
  for (std::uint32_t i = 0; i < 300; ++i) many.push_back({i, 1'000'000'000 + i, 1});

  EXPECT_EQ(Sentence(many), "linux.uidMappings: longer than the kernel takes (4095 bytes)");
}

TEST(PlanIdMap, UnprivilegedCallerMapsItselfAloneAndDeniesSetgroups) {
  const auto plan =
      PlanIdMap({{0, 1000, 1}}, {{0, 1001, 1}}, {.uid = 1000, .gid = 1001, .privileged = false});

  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->writer, IdMapWriter::kDirect);
  EXPECT_TRUE(plan->deny_setgroups);
}

TEST(PlanIdMap, UnprivilegedCallerNeedsHelpersForMore) {
  const auto plan = PlanIdMap(kOne, kOne, {.uid = 1000, .gid = 1000, .privileged = false});

  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->writer, IdMapWriter::kHelpers);
  EXPECT_FALSE(plan->deny_setgroups);
}

TEST(ParseIdMap, ReadsTheKernelsText) {
  const auto map = ParseIdMap("         0     100000      65536\n      65536 7 1\n");

  ASSERT_TRUE(map) << map.error().message();
  EXPECT_EQ(*map, (std::vector<IdMapping>{{0, 100000, 65536}, {65536, 7, 1}}));
}

TEST(ParseIdMap, AnythingElseIsRefusedWithItsLine) {
  for (const char* bad : {"0 1", "0 1 2 3", "a b c", "0 1 -1", "0 1 4294967296", "0 1 2 3 4 5 6"}) {
    const auto map = ParseIdMap(bad);
    ASSERT_FALSE(map) << bad;
    EXPECT_EQ(map.error().message(), StrCat("id map line \"", bad, "\": not three ids"));
  }
}

TEST(ToHostId, FindsTheRange) {
  const std::vector<IdMapping> map = {{0, 1000, 1}, {1, 100000, 10}};

  EXPECT_EQ(ToHostId(map, 0), 1000u);
  EXPECT_EQ(ToHostId(map, 10), 100009u);
  EXPECT_EQ(ToHostId(map, 11), std::nullopt);
}

TEST(WriteIdMaps, ChildInANewUserNamespaceGetsThem) {
  CAISSON_REQUIRE(Need::kRoot, Need::kUserNs);
  int gate[2];
  int ready[2];
  ASSERT_EQ(::pipe2(gate, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char byte = 0;
    if (::unshare(CLONE_NEWUSER) != 0 || ::write(ready[1], "r", 1) != 1) ::_exit(90);
    if (::read(gate[0], &byte, 1) != 1) ::_exit(91);
    ::_exit(::getuid() == 7 && ::getgid() == 8 ? 0 : 92);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const auto plan = PlanIdMap({{7, 0, 1}, {100, 100000, 5}}, {{8, 0, 1}}, CurrentIdMapCaller());
  ASSERT_TRUE(plan) << plan.error().message();

  const Status written = WriteIdMaps(*plan, child);

  EXPECT_TRUE(written) << written.error().message();
  const auto text = ReadFile(StrCat("/proc/", child, "/uid_map"));
  ASSERT_TRUE(text);
  EXPECT_EQ(*ParseIdMap(*text), plan->uids);
  EXPECT_EQ(::write(gate[1], "g", 1), 1);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(WriteIdMaps, ProcessThatIsGoneIsNamed) {
  const auto plan = PlanIdMap(kOne, kOne, {});
  const Status written = WriteIdMaps(*plan, 0x7FFFFFFF);

  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message(), HasSubstr("/proc/2147483647/gid_map"));
}

}  // namespace
}  // namespace caisson::security
