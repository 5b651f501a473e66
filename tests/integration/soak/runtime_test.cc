// SPDX-License-Identifier: Apache-2.0
// create, start, exec, kill and delete, again and again, in a row and at once: nothing leaks (the
// fixture looks), nothing fails, and every exit code is the right one.
#include <signal.h>
#include <sys/prctl.h>

#include <atomic>
#include <thread>

#include "tests/integration/lifecycle/fixture.h"
#include "tests/integration/soak/soak.h"

namespace caisson::test {
namespace {

constexpr std::chrono::minutes kLimit{2};  // 50 at once on a machine with other work

// Ends on SIGTERM with the code that somebody has written down.
constexpr char kInit[] = "trap 'exit $(cat /tmp/code)' TERM; echo > /tmp/ready; sleep 600 & wait";

class Soak : public Lifecycle {
 protected:
  enum class UserNamespace { kNone, kOwn };

  void SetUp() override {
    Lifecycle::SetUp();
    if (IsSkipped()) return;
    // Init's parent is whoever created it; when that has ended, this process is, and reaps it.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    for (Bundle* const bundle : {&bundle_, &mapped_}) {
      bundle->config().mounts.push_back(
          {.destination = "/tmp", .type = "tmpfs", .source = "tmpfs"});
      bundle->Shell(kInit);
    }
    spec::Linux& linux = mapped_.config().linux;
    linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
    linux.uid_mappings = {{0, 100000, 65536}};
    linux.gid_mappings = {{0, 100000, 65536}};
    mapped_.Save();
  }
  void TearDown() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); }

  const Bundle& BundleFor(UserNamespace user) const {
    return user == UserNamespace::kOwn ? mapped_ : bundle_;
  }

  // The command's exit code; what it says is for `id` alone, as many run at once.
  int Do(const std::string& id, std::vector<std::string> args) const {
    Command command = caisson_.CommandFor(std::move(args));
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd said(
        ::open((caisson_.dir() / id).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    command.fds = {{null.get(), 0}, {said.get(), 1}, {said.get(), 2}};
    const auto process = Spawn(command);
    const auto status = process ? process->Reap(Deadline::After(kLimit)) : process.error();
    EXPECT_TRUE(status && *status) << Join(command.argv, " ");
    return status && *status ? (*status)->ShellCode() : -1;
  }

  // One life, with codes of its own.
  void Live(const std::string& id, UserNamespace user, int code) const {
    const auto expect = [&](int wanted, std::vector<std::string> args) {
      const std::string verb = args[0];
      EXPECT_EQ(Do(id, std::move(args)), wanted) << verb << ": " << caisson_.dir().Read(id);
    };
    expect(0, {"create", "-b", BundleFor(user).path(), id});
    const auto init = Pidfd::Open(caisson_.PidOf(id));
    ASSERT_TRUE(init) << id;
    expect(0, {"start", id});
    expect(code + 1, {"exec", id, "/bin/sh", "-c",
                      StrCat("until [ -e /tmp/ready ]; do sleep 0.01; done; echo ", code,
                             " > /tmp/code; exit ", code + 1)});
    const bool gently = code % 2 == 0;
    expect(0, {"kill", id, gently ? "TERM" : "KILL"});
    const auto ended = init->Reap(Deadline::After(kLimit));
    ASSERT_TRUE(ended && *ended) << id;
    EXPECT_EQ((*ended)->code, gently ? code : 0);
    EXPECT_EQ((*ended)->signal, gently ? 0 : SIGKILL);
    expect(0, {"delete", id});
    (void)::unlink((caisson_.dir() / id).c_str());
  }

  void LiveInARow(UserNamespace user) {
    const int cycles = SoakCycles(50);
    const SoakTimer timer("cycles in a row", cycles);
    for (int i = 0; i < cycles && !HasFailure(); ++i) Live(caisson_.Id("row"), user, i % 100);
  }

  // `count` calls of work(i), from `workers` threads.
  template <class Work>
  static void AtOnce(int workers, int count, const Work& work) {
    std::atomic<int> next{0};
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(workers));
    for (int worker = 0; worker < workers; ++worker)
      threads.emplace_back([&] {
        for (int i = next++; i < count && !HasFailure(); i = next++) work(i);
      });
    for (std::thread& thread : threads) thread.join();
  }
  static UserNamespace Alternate(int i) {
    return i % 2 == 0 ? UserNamespace::kNone : UserNamespace::kOwn;
  }

  Bundle mapped_;
};

TEST_F(Soak, OneAfterTheOther) { LiveInARow(UserNamespace::kNone); }

TEST_F(Soak, OneAfterTheOtherInUserNamespaces) { LiveInARow(UserNamespace::kOwn); }

TEST_F(Soak, FiftyAtOnceWithAndWithoutUserNamespaces) {
  constexpr int kAtOnce = 50;
  const int cycles = std::max(kAtOnce, SoakCycles(kAtOnce));
  const SoakTimer timer("cycles, 50 at once", cycles);

  AtOnce(kAtOnce, cycles,
         [&](int i) { Live(caisson_.Id(StrCat("at-once-", i)), Alternate(i), i % 100); });
}

TEST_F(Soak, AHundredCreatesAtOnce) {
  constexpr int kAtOnce = 100;
  const auto id = [&](int i) { return caisson_.Id(StrCat("create-", i)); };
  {
    const SoakTimer timer("creates, 100 at once", kAtOnce);
    AtOnce(kAtOnce, kAtOnce, [&](int i) {
      EXPECT_EQ(Do(id(i), {"create", "-b", BundleFor(Alternate(i)).path(), id(i)}), 0)
          << caisson_.dir().Read(id(i));
    });
  }
  EXPECT_EQ(Split(Trim(caisson_.Run({"list", "-q"}).out), '\n').size(), std::size_t{kAtOnce});
  AtOnce(kAtOnce, kAtOnce, [&](int i) {
    const auto init = Pidfd::Open(caisson_.PidOf(id(i)));
    EXPECT_EQ(Do(id(i), {"delete", "--force", id(i)}), 0) << caisson_.dir().Read(id(i));
    EXPECT_TRUE(init && init->Reap(Deadline::After(kLimit)));
  });
}

}  // namespace
}  // namespace caisson::test
