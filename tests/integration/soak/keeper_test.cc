// SPDX-License-Identifier: Apache-2.0
// One keeper and containers without end: it must not grow, and must tell every end rightly.
#include <signal.h>

#include <filesystem>
#include <map>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/integration/keeper/keeper_fixture.h"
#include "tests/integration/soak/soak.h"

namespace caisson::test {
namespace {

constexpr std::chrono::minutes kLimit{2};

// What a process holds.
struct Footprint {
  std::size_t descriptors = 0;
  std::int64_t dirty_kib = 0;  // memory that is its own
};

Footprint FootprintOf(pid_t pid) {
  Footprint seen;
  namespace fs = std::filesystem;
  for (const auto& entry : fs::directory_iterator(StrCat("/proc/", pid, "/fd")))
    seen.descriptors += entry.path().empty() ? 0 : 1;
  const auto rollup = ReadFile(StrCat("/proc/", pid, "/smaps_rollup"));
  EXPECT_TRUE(rollup);
  if (!rollup) return seen;
  for (const std::string_view line : Split(*rollup, '\n')) {
    constexpr std::string_view kName = "Private_Dirty:";
    if (line.starts_with(kName))
      seen.dirty_kib = std::atol(std::string(line.substr(kName.size())).c_str());
  }
  return seen;
}

class KeeperSoak : public KeeperTest {
 protected:
  void SetUp() override {
    KeeperTest::SetUp();
    if (IsSkipped()) return;
    // A mapped root may not make them in a directory that is not its own.
    for (const char* const name : {"proc", "dev"})
      ASSERT_TRUE(MakeDirs(*dir_ / StrCat("rootfs/", name), 0755));
  }

  spec::Config Sleeper(const std::string& id, bool mapped) const {
    spec::Config config = Script(id, "exec busybox sleep 600");
    if (!mapped) return config;
    config.linux.namespaces.push_back({.type = spec::NamespaceType::kUser, .path = {}});
    config.linux.uid_mappings = {{0, 100000, 65536}};
    config.linux.gid_mappings = {{0, 100000, 65536}};
    return config;
  }

  // Lives of `at_once` containers side by side: half exit by themselves, half are killed.
  void Round(int round, int at_once, bool mapped) {
    std::map<std::string, int> code_of;
    for (int i = 0; i < at_once; ++i) {
      const std::string id = StrCat("soak-", i);
      const int code = (round + i) % 100 + 1;
      const bool exits = (round + i) % 2 == 0;
      spec::Config config = Sleeper(id, mapped);
      if (exits) config.process->args = {"/bin/sh", "-c", StrCat("exit ", code)};
      const auto started = Start(id, config, static_cast<std::uint32_t>(round));
      ASSERT_TRUE(started) << started.error().ToString();
      code_of[id] = exits ? code : 0;
      if (exits) continue;
      ASSERT_TRUE(
          keeper_->Signal({.container_id = id, .signal = SIGKILL}, Deadline::After(kLimit)));
    }
    for (int i = 0; i < at_once; ++i) {
      const auto exit = NextExit();
      ASSERT_TRUE(exit);
      const auto expected = code_of.find(exit->container_id);
      ASSERT_NE(expected, code_of.end()) << exit->container_id << " was told twice";
      EXPECT_EQ(exit->code, expected->second) << exit->container_id;
      EXPECT_EQ(exit->signal, expected->second == 0 ? SIGKILL : 0) << exit->container_id;
      ASSERT_TRUE(keeper_->Remove(exit->container_id, Deadline::After(kLimit)));
      code_of.erase(expected);
    }
  }

  void DoesNotGrow(int rounds, int at_once, bool mapped) {
    keeper_client::KeeperConfig pod = Config();
    Spawn(pod);
    const pid_t pid = keeper_->info().host_pid;
    const int warm = std::max(2, rounds / 10);
    for (int round = 0; round < warm; ++round)
      ASSERT_NO_FATAL_FAILURE(Round(round, at_once, mapped));
    const Footprint before = FootprintOf(pid);
    {
      const SoakTimer timer("containers of one keeper", rounds * at_once);
      for (int round = 0; round < rounds; ++round)
        ASSERT_NO_FATAL_FAILURE(Round(warm + round, at_once, mapped));
    }
    const Footprint after = FootprintOf(pid);
    std::cout << "descriptors " << before.descriptors << " -> " << after.descriptors
              << ", private KiB " << before.dirty_kib << " -> " << after.dirty_kib << "\n";
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_LE(after.dirty_kib, before.dirty_kib + kSlackKib);
  }

  // A page here and there comes and goes with the heap's edge; the sanitizers keep what was freed.
#ifdef __SANITIZE_ADDRESS__
  static constexpr std::int64_t kSlackKib = 64 * 1024;
#else
  static constexpr std::int64_t kSlackKib = 32;
#endif
};

TEST_F(KeeperSoak, OneAfterTheOther) { DoesNotGrow(SoakCycles(50), 1, false); }

TEST_F(KeeperSoak, OneAfterTheOtherInUserNamespaces) { DoesNotGrow(SoakCycles(50), 1, true); }

TEST_F(KeeperSoak, FiftySideBySide) { DoesNotGrow(std::max(1, SoakCycles(50) / 50), 50, false); }

}  // namespace
}  // namespace caisson::test
