// SPDX-License-Identifier: Apache-2.0
// A second process changes names under the runtime's hands, thousands of times.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <iostream>

#include "tests/integration/escape/fixture.h"

namespace caisson::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Exchanges two names as fast as it can, from the host, which is faster than from a container that
// shares the directory.
class Exchanger {
 public:
  Exchanger(const std::string& a, const std::string& b) {
    void* const shared =
        ::mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    count_ = shared == MAP_FAILED ? nullptr : new (shared) std::atomic<std::int64_t>(0);
    pid_ = count_ == nullptr ? -1 : ::fork();
    while (pid_ == 0)
      if (::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), 2) == 0) ++*count_;
  }
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;
  ~Exchanger() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (count_ != nullptr) ::munmap(count_, sizeof *count_);
  }
  std::int64_t count() const { return count_ == nullptr ? 0 : count_->load(); }

 private:
  std::atomic<std::int64_t>* count_ = nullptr;
  pid_t pid_ = -1;
};

class EscapeByRace : public EscapeTest {
 protected:
  // How often the names are exchanged at least; CAISSON_RACE_EXCHANGES makes it more.
  static std::int64_t LeastExchanges() {
    const char* const wanted = ::getenv("CAISSON_RACE_EXCHANGES");
    return wanted == nullptr ? 100'000 : std::atoll(wanted);
  }

  // Runs the container this often, and on until the names were exchanged often enough: by `run`,
  // and by create and start. Each time it may fail or see its own root, never the host's. Some
  // rounds must get through: else nothing was raced for.
  void Race(const Exchanger& exchanger, const std::vector<std::string>& args, int rounds) {
    int through = 0;
    std::string last_error;
    config_.process->args = args;
    WriteConfig();
    int i = 0;
    for (const Deadline end = Deadline::After(std::chrono::minutes(5));
         i < rounds || (exchanger.count() < LeastExchanges() && !end.passed()); ++i) {
      const auto ran =
          i % 2 == 0 ? Caisson({"run", "--bundle", dir_->path(), Id()}) : CreateAndStart();
      ASSERT_THAT(ran.out, Not(HasSubstr("HOST")));
      ASSERT_THAT(ran.status.code, AnyOf(0, 1)) << ran.err;
      through += ran.err.find("level=error") == std::string::npos;
      if (!ran.err.empty()) last_error = ran.err;
    }
    EXPECT_GT(through, 0) << last_error;
    EXPECT_GE(exchanger.count(), LeastExchanges());
    std::cout << i << " rounds, " << through << " got through, " << exchanger.count()
              << " exchanges\n";
  }
  // The same with processes that join a running container.
  void RaceExecs(const Exchanger& exchanger, const std::vector<std::string>& options,
                 const std::vector<std::string>& args, int rounds) {
    int through = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto ran = ExecIn(options, args);
      ASSERT_THAT(ran.out, Not(HasSubstr("HOST")));
      through += ran.status.code == 0;
    }
    EXPECT_GT(through, 0);
    std::cout << rounds << " execs, " << through << " got through, " << exchanger.count()
              << " exchanges\n";
  }
  std::string CorePattern() const { return *ReadFile("/proc/sys/kernel/core_pattern"); }
};

TEST_F(EscapeByRace, Cve2021_30465_AnExchangedMountTargetNeverLeadsOutside) {
  dir_->Write("volume/mark", "HOST?");
  ASSERT_TRUE(MakeDirs(Root("shared/target"), 0755));
  Link(StrCat("../../../../../../..", Outside()), "shared/trap");
  config_.mounts.push_back({.destination = "/shared/target/deep",
                            .type = "bind",
                            .source = *dir_ / "volume",
                            .options = {"rbind"}});
  const Exchanger exchanger(Root("shared/target"), Root("shared/trap"));

  Race(exchanger, {"/bin/true"}, RaceRounds(20));
}

TEST_F(EscapeByRace, AnExchangedSourceInTheRootIsNeverTheHosts) {
  dir_->Write("secret/file", "HOST");
  dir_->Write("rootfs/shared/source/file", "own");
  Link(StrCat("../../../../../../../..", *dir_ / "secret"), "shared/trap");
  config_.mounts.push_back({.destination = "/data",
                            .type = "bind",
                            .source = Root("shared/source"),
                            .options = {"rbind"}});
  const Exchanger exchanger(Root("shared/source"), Root("shared/trap"));

  Race(exchanger, {"/bin/cat", "/data/file"}, RaceRounds(20));
}

TEST_F(EscapeByRace, Cve2023_27561_AnExchangedProcIsRefusedOrReal) {
  ASSERT_TRUE(MakeDirs(Root("proc"), 0755));
  Link("/outside", "trap");
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("proc"), Root("trap"));

  Race(exchanger, {"/bin/sh", "-c", "echo x > /proc/sys/kernel/core_pattern"}, RaceRounds(20));

  EXPECT_EQ(CorePattern(), before);
}

TEST_F(EscapeByRace, Ghsa3q8j_AnExchangedReadonlyPathIsReadonlyOrUntouched) {
  dir_->Write("rootfs/secret/a/file", "a");
  dir_->Write("rootfs/secret/b/file", "b");
  config_.linux.readonly_paths.push_back("/secret/a");
  config_.linux.masked_paths.push_back("/secret/b/file");
  const Exchanger exchanger(Root("secret/a"), Root("secret/b"));

  Race(exchanger, {"/bin/true"}, RaceRounds(20));
}

TEST_F(EscapeByRace, Cve2025_31133_AnExchangedNullNeverBecomesAMask) {
  DropMounts("/dev");
  dir_->Write("rootfs/secret", "HOST");
  ASSERT_TRUE(MakeDirs(Root("dev"), 0755));
  ASSERT_EQ(::mknod(Root("dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  Link("/proc/sys/kernel/core_pattern", "dev/trap");
  config_.linux.masked_paths.push_back("/secret");
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("dev/null"), Root("dev/trap"));

  Race(exchanger, {"/bin/sh", "-c", "cat /secret; echo '|/evil' > /secret"}, RaceRounds(20));

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

  Race(exchanger, {"/bin/sh", "-c", "echo '|/evil' > /dev/console"}, RaceRounds(20));

  EXPECT_EQ(CorePattern(), before);
}

TEST_F(EscapeByRace, Cve2024_45310_AnExchangedParentNeverGetsDirectoriesOutside) {
  ASSERT_TRUE(MakeDirs(Root("shared/a"), 0755));
  Link(StrCat("../../../../../../..", Outside()), "shared/trap");
  for (int i = 0; i < 8; ++i)
    config_.mounts.push_back(
        {.destination = StrCat("/shared/a/m", i, "/n"), .type = "tmpfs", .source = "tmpfs"});
  const Exchanger exchanger(Root("shared/a"), Root("shared/trap"));

  Race(exchanger, {"/bin/true"}, RaceRounds(20));
}

TEST_F(EscapeByRace, Cve2024_21626_AnExchangedWorkingDirectoryOfAnExecIsInside) {
  ASSERT_TRUE(MakeDirs(Root("shared/work"), 0755));
  Link("/proc/self/fd/7", "shared/trap");
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 60"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  const Exchanger exchanger(Root("shared/work"), Root("shared/trap"));

  RaceExecs(exchanger, {"--cwd", "/shared/work"},
            {"/bin/sh", "-c", "ls -d etc/debian_version ../etc/debian_version && echo HOST; true"},
            RaceRounds(20));
}

TEST_F(EscapeByRace, Cve2025_52565_AnExchangedPtsOfAnExecIsNeverAnotherFile) {
  ASSERT_TRUE(MakeDirs(Root("dev/pts"), 0755));
  ASSERT_TRUE(MakeDirs(Root("dev/trap"), 0755));
  Link("/proc/sys/kernel/core_pattern", "dev/trap/ptmx");
  DropMounts("/dev");
  StartContainer({"/bin/sh", "-c", "echo ready; sleep 60"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  const std::string before = CorePattern();
  const Exchanger exchanger(Root("dev/pts"), Root("dev/trap"));

  for (int i = 0; i < RaceRounds(20); ++i)
    EXPECT_NE(ExecIn({"--tty"}, {"/bin/sh", "-c", "echo '|/evil' >&0"}).status.code, 0)
        << "there is no devpts in this container";

  EXPECT_EQ(CorePattern(), before);
}

}  // namespace
}  // namespace caisson::test
