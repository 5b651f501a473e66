// SPDX-License-Identifier: Apache-2.0
// A second process changes names under the runtime's hands, thousands of times.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <functional>
#include <iostream>

#include "tests/integration/escape/fixture.h"
#include "tests/support/exchanger.h"

namespace caisson::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EscapeByRace : public EscapeTest {
 protected:
  // Whether the round got through, after it has expected that nothing of the host was seen.
  using Round = std::function<bool(int number)>;

  // Round after round until the names were exchanged often enough while rounds were running, and
  // twenty at least. Some rounds must get through: else nothing was raced for.
  static void UntilEnough(const Exchanger& exchanger, const Round& round) {
    constexpr int kLeastRounds = 20;
    int rounds = 0;
    int through = 0;
    std::int64_t exchanges = 0;
    const Deadline end = Deadline::After(std::chrono::minutes(9));
    while ((rounds < kLeastRounds || exchanges < Exchanger::Wanted()) && !end.passed()) {
      const std::int64_t before = exchanger.count();
      through += round(rounds) ? 1 : 0;
      exchanges += exchanger.count() - before;
      ++rounds;
      ASSERT_FALSE(HasFailure()) << "in round " << rounds;
    }
    EXPECT_GT(through, 0);
    EXPECT_GE(exchanges, Exchanger::Wanted());
    std::cout << rounds << " rounds, " << through << " got through, " << exchanges
              << " exchanges\n";
  }

  // A round runs the container, by `run`, and by create and start, in turn. Each time it may fail
  // or see its own root, never the host's.
  void Race(const Exchanger& exchanger, const std::vector<std::string>& args) {
    std::string last_error;
    config_.process->args = args;
    WriteConfig();
    UntilEnough(exchanger, [&](int number) {
      const auto ran =
          number % 2 == 0 ? Caisson({"run", "--bundle", dir_->path(), Id()}) : CreateAndStart();
      EXPECT_THAT(ran.out, Not(HasSubstr("HOST")));
      EXPECT_THAT(ran.status.code, AnyOf(0, 1)) << ran.err;
      if (!ran.err.empty()) last_error = ran.err;
      return ran.err.find("level=error") == std::string::npos;
    });
    if (HasFailure()) std::cout << "the last error: " << last_error << "\n";
  }
  // A round joins the running container.
  void RaceExecs(const Exchanger& exchanger, const std::vector<std::string>& options,
                 const std::vector<std::string>& args) {
    UntilEnough(exchanger, [&](int) {
      const auto ran = ExecIn(options, args);
      EXPECT_THAT(ran.out, Not(HasSubstr("HOST")));
      return ran.status.code == 0;
    });
  }
  std::string CorePattern() const { return *ReadFile("/proc/sys/kernel/core_pattern"); }
};

// A mount that was led outside lies in the old root and is gone with it: the container lacks it.
TEST_F(EscapeByRace, Cve2021_30465_AnExchangedMountTargetNeverLeadsOutside) {
  constexpr int kMounts = 16;  // each a chance
  ASSERT_TRUE(MakeDirs(*dir_ / "volume", 0755));
  ASSERT_TRUE(MakeDirs(Root("shared/target"), 0755));
  Link(*dir_ / "aside", "shared/trap");
  for (int i = 0; i < kMounts; ++i) {
    const std::string deep = StrCat("deep", i);
    ASSERT_TRUE(MakeDirs(StrCat(*dir_ / "aside/", deep), 0755));
    config_.mounts.push_back({.destination = StrCat("/shared/target/", deep),
                              .type = "bind",
                              .source = *dir_ / "volume",
                              .options = {"rbind"}});
  }
  const Exchanger exchanger(Root("shared/target"), Root("shared/trap"));

  Race(exchanger,
       {"/bin/sh", "-c",
        StrCat("[ $(grep -c /deep /proc/self/mountinfo) = ", kMounts, " ] || echo HOST")});
}

TEST_F(EscapeByRace, AnExchangedSourceInTheRootIsNeverTheHosts) {
  dir_->Write("secret/file", "HOST");
  dir_->Write("rootfs/shared/source/file", "own");
  Link(*dir_ / "secret", "shared/trap");
  config_.mounts.push_back({.destination = "/data",
                            .type = "bind",
                            .source = Root("shared/source"),
                            .options = {"rbind"}});
  const Exchanger exchanger(Root("shared/source"), Root("shared/trap"));

  Race(exchanger, {"/bin/cat", "/data/file"});
}

// Led to another place, procfs would be without what protects /proc there.
TEST_F(EscapeByRace, Cve2023_27561_AnExchangedProcIsRefusedOrReal) {
  for (const char* const name : {"proc", "evil/sys/kernel"})
    ASSERT_TRUE(MakeDirs(Root(name), 0755));
  Link("evil", "trap");
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("proc"), Root("trap"));

  Race(exchanger,
       {"/bin/sh", "-c",
        "for p in proc evil trap; do echo x > /$p/sys/kernel/core_pattern; done; "
        "grep -qs ' /evil ' /proc/self/mountinfo /trap/self/mountinfo && echo HOST; true"});

  EXPECT_EQ(CorePattern(), before);
}

// What became read-only lies over itself, and not what has its name by now.
TEST_F(EscapeByRace, Ghsa3q8j_AnExchangedReadonlyPathIsReadonlyOrUntouched) {
  dir_->Write("rootfs/secret/a/file", "a");
  dir_->Write("rootfs/secret/b/file", "b");
  config_.linux.readonly_paths.push_back("/secret/a");
  config_.linux.masked_paths.push_back("/secret/b/file");
  const Exchanger exchanger(Root("secret/a"), Root("secret/b"));

  Race(exchanger, {"/bin/probe", "covers", "/secret/"});
}

TEST_F(EscapeByRace, Cve2025_31133_AnExchangedNullNeverBecomesAMask) {
  DropMounts("/dev");
  dir_->Write("rootfs/secret", "HOST");
  ASSERT_TRUE(MakeDirs(Root("dev"), 0755));
  ASSERT_EQ(::mknod(Root("dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  Link("/proc/sys/kernel/core_pattern", "dev/trap");
  config_.linux.masked_paths.push_back("/secret");
  config_.linux.readonly_paths
      .clear();  // so that nothing else keeps a wrong mask from being written
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("dev/null"), Root("dev/trap"));

  Race(exchanger, {"/bin/sh", "-c", "cat /secret; echo '|/evil' > /secret"});

  EXPECT_EQ(CorePattern(), before);
}

TEST_F(EscapeByRace, Cve2025_52565_AnExchangedConsoleIsNeverAnotherFile) {
  ASSERT_TRUE(MakeDirs(Root("dev"), 0755));
  dir_->Write("rootfs/dev/console", "");
  Link("/proc/sys/kernel/core_pattern", "dev/trap");
  DropMounts("/dev");
  config_.mounts.push_back({.destination = "/dev/pts",
                            .type = "devpts",
                            .source = "devpts",
                            .options = {"newinstance", "ptmxmode=0666", "mode=0620"}});
  config_.process->terminal = true;
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("dev/console"), Root("dev/trap"));

  Race(exchanger, {"/bin/sh", "-c", "echo '|/evil' > /dev/console"});

  EXPECT_EQ(CorePattern(), before);
}

TEST_F(EscapeByRace, Cve2024_45310_AnExchangedParentNeverGetsDirectoriesOutside) {
  ASSERT_TRUE(MakeDirs(Root("shared/a"), 0755));
  Link(Outside(), "shared/trap");
  for (int i = 0; i < 8; ++i)
    config_.mounts.push_back(
        {.destination = StrCat("/shared/a/m", i, "/n"), .type = "tmpfs", .source = "tmpfs"});
  const Exchanger exchanger(Root("shared/a"), Root("shared/trap"));

  Race(exchanger, {"/bin/true"});
}

// Whatever descriptors the runtime has open on its way: each is tried in turn.
TEST_F(EscapeByRace, Cve2024_21626_AnExchangedWorkingDirectoryOfAnExecIsInside) {
  ASSERT_TRUE(MakeDirs(Root("shared/work"), 0755));
  Link("/hop", "shared/trap");
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 600"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  const Exchanger exchanger(Root("shared/work"), Root("shared/trap"));

  UntilEnough(exchanger, [&](int number) {
    ::unlink(Root("hop").c_str());
    Link(StrCat("/proc/self/fd/", 3 + number % 40), "hop");
    const auto ran =
        ExecIn({"--cwd", "/shared/work"},
               {"/bin/sh", "-c", "ls -d /proc/self/cwd/. && busybox pwd || echo HOST"});
    EXPECT_THAT(ran.out, Not(HasSubstr("HOST")));
    return ran.status.code == 0;
  });
}

// The container's terminals are a mount on a directory that its volume's owner can rename: half the
// time another one is in its place, where every name is a link into the host.
class EscapeByTerminal : public EscapeByRace {
 protected:
  void SetUp() override {
    EscapeByRace::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    DropMounts("/dev");
    for (const char* const name : {"dev/pts", "dev/trap"}) ASSERT_TRUE(MakeDirs(Root(name), 0755));
    for (const char* const name : {"ptmx", "0", "1", "2", "3"})
      Link("/proc/sys/kernel/core_pattern", StrCat("dev/trap/", name));
    config_.mounts.push_back({.destination = "/dev/pts",
                              .type = "devpts",
                              .source = "devpts",
                              .options = {"newinstance", "ptmxmode=0666", "mode=0620"}});
    // The container may write there; that the runtime opens it is what matters.
    config_.linux.readonly_paths.clear();
    before_ = CorePattern();
  }
  void ExpectUntouched() {
    EXPECT_EQ(CorePattern(), before_);
    if (CorePattern() != before_) WriteCorePattern(before_);
  }

 private:
  static void WriteCorePattern(const std::string& text) {
    EXPECT_TRUE(WriteFileAt(kCwd, "/proc/sys/kernel/core_pattern", text));
  }
  std::string before_;
};

TEST_F(EscapeByTerminal, Cve2025_52565_AnExchangedPtsIsNeverAnotherFile) {
  config_.process->terminal = true;
  const Exchanger exchanger(Root("dev/pts"), Root("dev/trap"));

  Race(exchanger, {"/bin/sh", "-c", "echo '|/evil' >&0"});

  ExpectUntouched();
}

TEST_F(EscapeByTerminal, Cve2025_52565_AnExchangedPtsOfAnExecIsNeverAnotherFile) {
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 600"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  const Exchanger exchanger(Root("dev/pts"), Root("dev/trap"));

  RaceExecs(exchanger, {"--tty"}, {"/bin/sh", "-c", "echo '|/evil' >&0"});

  ExpectUntouched();
}

}  // namespace
}  // namespace caisson::test
