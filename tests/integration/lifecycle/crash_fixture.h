// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/lifecycle/fixture.h"
#include "tests/integration/lifecycle/killer.h"

namespace caisson::test {

using Args = std::vector<std::string>;

// One command under test. Each round has a container of its own: what one leaves behind must not
// be taken for the next one's and be removed with it.
struct Subject {
  std::string_view name;
  int least_calls = 0;  // the victim makes at least as many: else the test looks at nothing
  std::function<Args(const std::string& id)> command;
  std::function<void(const std::string& id)> before = [](const std::string&) {};
};

// Of the victim's calls a sample is taken, another one with each pid, so that many runs see all.
// For certain ones:   CAISSON_TEST_EVERY=N CAISSON_TEST_FIRST=K   calls K, K+N, K+2N, ...
class Crash : public Lifecycle {
 protected:
  // One round for each call of the sample, until the victim makes no more.
  static void ForEachCall(std::string_view name, int least_calls,
                          const std::function<Killed(int call)>& round) {
    int kills = 0;
    for (int call = First();; call += Step()) {
      SCOPED_TRACE(StrCat(name, ", call ", call));
      const Killed killed = round(call);
      ASSERT_TRUE(killed.in_time) << "it hung: " << killed.said;
      ASSERT_FALSE(HasFailure()) << killed.said;
      kills += killed.killed ? 1 : 0;
      if (killed.killed) continue;
      EXPECT_EQ(killed.status.ShellCode(), 0) << "no example of one that works: " << killed.said;
      break;
    }
    EXPECT_GE(First() + kills * Step(), least_calls);
    std::cout << name << ": killed after " << kills << " calls, one in " << Step() << "\n";
  }

  void ExpectForceDeletes(const std::string& id) {
    const CommandOutput deleted = caisson_.Run({"delete", "--force", id});
    EXPECT_TRUE(deleted.status.ok()) << deleted.err;
    EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "");
  }

  // What `create` and `run` work on: a cgroup with a parent, both of this container alone.
  void Prepare(const std::string& id) {
    bundle_.config().linux.cgroups_path = StrCat("/", id, "-parent/child");
    bundle_.Save();
  }
  void Create(const std::string& id) {
    Prepare(id);
    EXPECT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok())
        << caisson_.DetachedErrors();
  }
  void RunDetached(const std::string& id) {
    Prepare(id);
    EXPECT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok())
        << caisson_.DetachedErrors();
  }

  // A command that makes a container: the words before the id.
  Subject Making(std::string_view name, int least_calls, Args words) {
    words.insert(words.end(), {"-b", bundle_.path()});
    return {.name = name,
            .least_calls = least_calls,
            .command =
                [words](const std::string& id) {
                  Args args = words;
                  args.push_back(id);
                  return args;
                },
            .before = [this](const std::string& id) { Prepare(id); }};
  }
  Args RunDetachedWithPidFile() const {
    return {"run", "-d", "--pid-file", caisson_.dir() / "pid"};
  }
  // An exec into `container`.
  static Args ExecInto(const std::string& container, const Args& options) {
    Args args = {"exec"};
    args.insert(args.end(), options.begin(), options.end());
    args.insert(args.end(), {container, "/bin/sleep", "0"});
    return args;
  }

  // A namespace that is joined by path beside a new user namespace takes the extra first stage.
  void TakeUserNamespaceAndAJoinedOne() {
    spec::Linux& linux = bundle_.config().linux;
    linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
    linux.uid_mappings = {{0, 100000, 65536}};
    linux.gid_mappings = {{0, 100000, 65536}};
    for (spec::Namespace& entry : linux.namespaces)
      if (entry.type == spec::NamespaceType::kUts) entry.path = "/proc/self/ns/uts";
    bundle_.config().hostname.clear();
  }
  void DropMountNamespace() {
    std::erase_if(bundle_.config().linux.namespaces, [](const spec::Namespace& entry) {
      return entry.type == spec::NamespaceType::kMount;
    });
    bundle_.config().linux.masked_paths.clear();
    bundle_.config().linux.readonly_paths.clear();
  }

  // Nothing but the container's own process is left in it.
  void AwaitAlone(const std::string& container) {
    Await([&] {
      const std::string pids = caisson_.Run({"ps", "-f", "json", container}).out;
      return pids.find(',') == std::string::npos && pids.find('[') != std::string::npos;
    });
  }

 private:
  static int FromEnvironment(const char* name, int otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? ParseInt<int>(text).value_or(otherwise) : otherwise;
  }
  static int Step() { return std::max(1, FromEnvironment("CAISSON_TEST_EVERY", 20)); }
  static int First() { return FromEnvironment("CAISSON_TEST_FIRST", ::getpid() % Step()); }
};

}  // namespace caisson::test
