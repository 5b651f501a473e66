// SPDX-License-Identifier: Apache-2.0
// `--trace FILE` of the real program: every point is there, and says what is true.
#include "runtime/base/trace.h"

#include <sys/stat.h>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Prints "net:[4026532214]" and so on: what the process inside is in.
constexpr char kReadNamespaces[] =
    "for kind in net pid mnt ipc uts cgroup user; do readlink /proc/self/ns/$kind; done";

class TraceOfALife : public Lifecycle {
 protected:
  std::string Written() const { return caisson_.dir().Read("trace"); }
  std::string File() const { return caisson_.dir() / "trace"; }
  void Traced(std::vector<std::string> args) {
    args.insert(args.begin(), {"--trace", File()});
    const CommandOutput ran = caisson_.RunDetached(std::move(args));
    ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  }
  // The example has none on a v1 host.
  void AddCgroupNamespace() {
    spec::Linux& linux = bundle_.config().linux;
    if (linux.FindNamespace(spec::NamespaceType::kCgroup) == nullptr)
      linux.namespaces.push_back({.type = spec::NamespaceType::kCgroup});
  }
  // The trace must say of each kind in `inside` that it led from this process's to that one, if it
  // did. How many did.
  int ExpectChanges(const std::string& inside) const {
    int changes = 0;
    for (const auto line : Split(inside, '\n')) {
      if (line.empty()) continue;
      const std::string kind(line.substr(0, line.find(':')));
      const std::string after(line.substr(kind.size() + 2, line.size() - kind.size() - 3));
      struct stat own {};
      EXPECT_EQ(::stat(StrCat("/proc/self/ns/", kind).c_str(), &own), 0);
      if (after == StrCat(own.st_ino)) continue;
      ++changes;
      EXPECT_THAT(Written(),
                  HasSubstr(StrCat("\"object\":\"", kind, " ", own.st_ino, "->", after, "\"}")));
    }
    return changes;
  }
};

TEST_F(TraceOfALife, HasEveryPointInItsOrder) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("trace");
  Traced({"create", "-b", bundle_.path(), id});
  Traced({"start", id});
  Traced({"exec", id, "/bin/true"});
  Traced({"delete", "--force", id});

  const std::string text = Written();
  const auto at = [&](std::string_view point) {
    return text.find(StrCat("\"point\":\"", point, "\""));
  };
  for (const char* const point :
       {"create.1",      "create.2",    "create.3",      "create.4",      "create.5",
        "create.6",      "create.7",    "create.8",      "create.9",      "create.10",
        "start.1",       "start.2",     "start.3",       "start.4",       "start.5",
        "start.6",       "ns.unshare",  "ns.setns",      "cgroup.detect", "cgroup.create",
        "cgroup.limits", "cgroup.join", "cgroup.remove", "init.phase",    "exec.joined",
        "exec.running",  "delete.done"})
    EXPECT_NE(at(point), text.npos) << point;
  for (const auto& [first, second] : {std::pair{"create.1", "create.2"},
                                      {"create.2", "create.3"},
                                      {"create.3", "create.4"},
                                      {"create.4", "create.8"},
                                      {"create.8", "create.5"},
                                      {"create.7", "create.9"},
                                      {"create.9", "create.10"},
                                      {"create.10", "start.1"},
                                      {"start.1", "start.2"},
                                      {"start.2", "start.5"},
                                      {"start.5", "start.4"},
                                      {"start.4", "start.6"},
                                      {"start.6", "delete.done"}})
    EXPECT_LT(at(first), at(second)) << first << " comes before " << second;
}

TEST_F(TraceOfALife, NamesEachNamespaceThatIsMadeBeforeAndAfter) {
  spec::Linux& linux = bundle_.config().linux;
  linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
  linux.uid_mappings = {{0, 100000, 65536}};
  linux.gid_mappings = {{0, 100000, 65536}};
  AddCgroupNamespace();
  bundle_.Shell(kReadNamespaces);

  const CommandOutput ran =
      caisson_.Run({"--trace", File(), "run", "-b", bundle_.path(), caisson_.Id("made")});

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_EQ(ExpectChanges(ran.out), 7) << ran.out;
  EXPECT_THAT(Written(), HasSubstr("\"point\":\"ns.map_verified\""));
}

TEST_F(TraceOfALife, NamesEachNamespaceThatAnExecJoins) {
  AddCgroupNamespace();
  const std::string id = Sleeper("joined");

  const CommandOutput ran =
      caisson_.Run({"--trace", File(), "exec", id, "/bin/sh", "-c", kReadNamespaces});

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_EQ(ExpectChanges(ran.out), 6) << ran.out;
  EXPECT_THAT(Written(), HasSubstr("\"point\":\"ns.setns\""));
}

TEST_F(TraceOfALife, ShowsThePidsOfTheHost) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("pids");
  Traced({"run", "-d", "-b", bundle_.path(), id});

  EXPECT_THAT(Written(),
              HasSubstr(StrCat("\"pid\":", caisson_.PidOf(id), ",\"point\":\"start.6\"")));
}

TEST_F(TraceOfALife, IsShownInThreeForms) {
  Traced({"run", "-b", bundle_.path(), caisson_.Id("forms")});

  const CommandOutput timeline = caisson_.Run({"trace", "show", File()});
  EXPECT_TRUE(timeline.status.ok()) << timeline.err;
  EXPECT_THAT(timeline.out, HasSubstr("create.1"));
  EXPECT_THAT(caisson_.Run({"trace", "show", "--mermaid", File()}).out,
              StartsWith("sequenceDiagram\n"));
  caisson_.dir().Write("chrome.json", caisson_.Run({"trace", "show", "--chrome", File()}).out);
  const auto checked = RunCommand(
      {.argv = {"python3", "-c",
                "import json, sys; events = json.load(open(sys.argv[1]))['traceEvents'];"
                "assert all(e['ph'] == 'X' and e['dur'] >= 0 and e['pid'] > 0 for e in events);"
                "print(len({e['name'] for e in events}))",
                caisson_.dir() / "chrome.json"}},
      "", Deadline::After(std::chrono::seconds(20)));
  ASSERT_TRUE(checked && checked->status.ok()) << checked->err;
  EXPECT_GE(ParseInt<int>(Trim(checked->out)).value_or(0), 20);
}

TEST_F(TraceOfALife, EveryPointIsAStaticProbe) {
  const auto notes = RunCommand({.argv = {"readelf", "-n", Program("caisson")}}, "",
                                Deadline::After(std::chrono::seconds(20)), std::size_t{4} << 20);
  ASSERT_TRUE(notes) << notes.error().message();
  EXPECT_THAT(notes->out, HasSubstr("Provider: caisson"));
  for (const char* const probe : {
#define CAISSON_PROBE_NAME_(probe, name, words) #probe,
           CAISSON_TRACE_POINTS(CAISSON_PROBE_NAME_)
#undef CAISSON_PROBE_NAME_
       })
    EXPECT_THAT(notes->out, HasSubstr(StrCat("Name: ", probe, "\n"))) << probe;
}

}  // namespace
}  // namespace caisson::test
