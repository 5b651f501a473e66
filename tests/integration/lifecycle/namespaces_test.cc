// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using spec::NamespaceType;
using ::testing::HasSubstr;

class Namespaces : public Lifecycle {
 protected:
  spec::Namespace& Entry(NamespaceType type) {
    auto& list = bundle_.config().linux.namespaces;
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& n) { return n.type == type; });
    if (found != list.end()) return *found;
    list.push_back({.type = type});
    return list.back();
  }
  static std::string LinkOf(pid_t pid, std::string_view kind) {
    char name[64] = {};
    EXPECT_GT(::readlink(StrCat("/proc/", pid, "/ns/", kind).c_str(), name, sizeof name - 1), 0);
    return name;
  }
  void MapUsers() {
    Entry(NamespaceType::kUser);
    bundle_.config().linux.uid_mappings = {{.container_id = 0, .host_id = 100000, .size = 65536}};
    bundle_.config().linux.gid_mappings = {{.container_id = 0, .host_id = 200000, .size = 65536}};
    ASSERT_EQ(::chmod(bundle_.path().c_str(), 0755), 0);
    for (const char* const name : {"", "tmp"})
      ASSERT_EQ(::chown(bundle_.RootPath(name).c_str(), 100000, 200000), 0);
  }
  void JoinUserOf(pid_t pid) {
    Entry(NamespaceType::kUser).path = StrCat("/proc/", pid, "/ns/user");
    bundle_.config().linux.uid_mappings.clear();
    bundle_.config().linux.gid_mappings.clear();
  }
  void MakeTime() {
    Entry(NamespaceType::kTime);
    bundle_.config().linux.time_offsets = {{.clock = "boottime", .secs = 1000000, .nanosecs = 0},
                                           {.clock = "monotonic", .secs = 7, .nanosecs = 9}};
  }
  void JoinTimeOf(pid_t pid) {
    Entry(NamespaceType::kTime).path = StrCat("/proc/", pid, "/ns/time");
    bundle_.config().linux.time_offsets.clear();
    bundle_.Shell(kTellTime);
  }
  static constexpr char kTellTime[] =
      "readlink /proc/self/ns/time; cat /proc/self/timens_offsets /proc/uptime";
  static ::testing::Matcher<std::string> TellsTimeOf(pid_t pid) {
    return ::testing::AllOf(::testing::StartsWith(StrCat(LinkOf(pid, "time"), "\n")),
                            ::testing::ContainsRegex("monotonic +7 +9\nboottime +1000000 +0"),
                            ::testing::ContainsRegex("\n1[0-9]{6}\\."));
  }
};

TEST_F(Namespaces, AUserNamespaceMapsIds) {
  CAISSON_REQUIRE(Need::kUserNs);
  MapUsers();
  bundle_.Shell("cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /tmp/made");

  const CommandOutput ran = RunBundle("userns");

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("0 +100000 +65536\n +0 +200000 +65536\n0\n"));
  struct stat made {};
  ASSERT_EQ(::stat(bundle_.RootPath("tmp/made").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 100000U);
  EXPECT_EQ(made.st_gid, 200000U);
}

TEST_F(Namespaces, ExecEntersAUserNamespace) {
  CAISSON_REQUIRE(Need::kUserNs);
  MapUsers();
  const std::string id = Sleeper("execuser");

  const CommandOutput ran =
      caisson_.Run({"exec", id, "/bin/sh", "-c", "readlink /proc/self/ns/user; id -u; echo $$"});

  EXPECT_THAT(ran.out, HasSubstr(StrCat(LinkOf(caisson_.PidOf(id), "user"), "\n0\n"))) << ran.err;
}

TEST_F(Namespaces, JoinedByPathAreShared) {
  const std::string first = Sleeper("first");
  const pid_t pid = caisson_.PidOf(first);
  for (const auto& [type, kind] : {std::pair{NamespaceType::kNetwork, "net"},
                                   {NamespaceType::kIpc, "ipc"},
                                   {NamespaceType::kUts, "uts"}})
    Entry(type).path = StrCat("/proc/", pid, "/ns/", kind);
  bundle_.config().hostname.clear();
  bundle_.Shell("for n in net ipc uts pid; do readlink /proc/self/ns/$n; done; hostname");

  const CommandOutput ran = RunBundle("second");

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_THAT(ran.out, ::testing::StartsWith(StrCat(LinkOf(pid, "net"), "\n", LinkOf(pid, "ipc"),
                                                    "\n", LinkOf(pid, "uts"), "\n")));
  EXPECT_THAT(ran.out, ::testing::Not(HasSubstr(LinkOf(pid, "pid"))));
  EXPECT_THAT(ran.out, ::testing::EndsWith("caisson\n"));
}

TEST_F(Namespaces, AJoinedPidNamespaceShowsTheOthersProcesses) {
  const std::string first = Sleeper("firstpid");
  Entry(NamespaceType::kPid).path = StrCat("/proc/", caisson_.PidOf(first), "/ns/pid");
  bundle_.Shell("test $$ -gt 1; echo $?; cat /proc/1/comm");

  const CommandOutput ran = RunBundle("secondpid");

  EXPECT_EQ(ran.out, "0\nsleep\n") << ran.err;
}

TEST_F(Namespaces, AJoinedUserNamespaceTakesStage1) {
  CAISSON_REQUIRE(Need::kUserNs);
  MapUsers();
  const std::string first = Sleeper("firstuser");
  const pid_t pid = caisson_.PidOf(first);
  Entry(NamespaceType::kUser).path = StrCat("/proc/", pid, "/ns/user");
  bundle_.config().linux.uid_mappings.clear();
  bundle_.config().linux.gid_mappings.clear();
  bundle_.Shell("readlink /proc/self/ns/user; id -u; echo $$; exit 5");

  const CommandOutput ran = RunBundle("seconduser");

  EXPECT_EQ(ran.out, StrCat(LinkOf(pid, "user"), "\n0\n1\n")) << ran.err;
  EXPECT_EQ(ran.status.code, 5);
}

TEST_F(Namespaces, TimeOffsetsAreApplied) {
  Entry(NamespaceType::kTime);
  bundle_.config().linux.time_offsets = {{.clock = "boottime", .secs = 1000000, .nanosecs = 0}};
  bundle_.Shell("cat /proc/self/timens_offsets; cat /proc/uptime");

  const CommandOutput ran = RunBundle("timens");

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("boottime +1000000 +0"));
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("\n1[0-9]{6}\\."));
}

// A second container in the first one's time namespace sees its clocks; a process that joins the
// second one, too.
TEST_F(Namespaces, AJoinedTimeNamespaceKeepsItsOffsets) {
  MakeTime();
  const pid_t pid = caisson_.PidOf(Sleeper("firsttime"));
  JoinTimeOf(pid);

  const CommandOutput ran = RunBundle("secondtime");
  const std::string third = Sleeper("thirdtime");
  const CommandOutput entered = caisson_.Run({"exec", third, "/bin/sh", "-c", kTellTime});

  EXPECT_THAT(ran.out, TellsTimeOf(pid)) << ran.err;
  EXPECT_THAT(entered.out, TellsTimeOf(pid)) << entered.err;
}

TEST_F(Namespaces, ATimeNamespaceBelongsToItsContainersUserNamespace) {
  CAISSON_REQUIRE(Need::kUserNs);
  MapUsers();
  MakeTime();
  const pid_t pid = caisson_.PidOf(Sleeper("firsttime"));
  JoinUserOf(pid);
  JoinTimeOf(pid);

  const CommandOutput ran = RunBundle("secondtime");
  const std::string third = Sleeper("thirdtime");
  const CommandOutput entered = caisson_.Run({"exec", third, "/bin/sh", "-c", kTellTime});

  EXPECT_THAT(ran.out, TellsTimeOf(pid)) << ran.err;
  EXPECT_THAT(entered.out, TellsTimeOf(pid)) << entered.err;
}

// Each of the two namespaces is of another owner: one is entered with the host's rights, the other
// with those that the first gives.
TEST_F(Namespaces, OnesOfTheHostAreJoinedBesideAUserNamespace) {
  CAISSON_REQUIRE(Need::kUserNs);
  const spec::Config plain = bundle_.config();
  MakeTime();
  const pid_t time = caisson_.PidOf(Sleeper("hosttime"));
  bundle_.config() = plain;
  MapUsers();
  const pid_t user = caisson_.PidOf(Sleeper("user"));
  JoinUserOf(user);
  Entry(NamespaceType::kIpc).path = StrCat("/proc/", user, "/ns/ipc");
  Entry(NamespaceType::kUts).path = StrCat("/proc/", time, "/ns/uts");
  bundle_.config().hostname.clear();
  JoinTimeOf(time);

  const CommandOutput ran = RunBundle("both");

  EXPECT_THAT(ran.out, TellsTimeOf(time)) << ran.err;
}

TEST_F(Namespaces, AJoinedTimeNamespaceBesideANewUserNamespace) {
  CAISSON_REQUIRE(Need::kUserNs);
  MakeTime();
  const pid_t pid = caisson_.PidOf(Sleeper("hosttime"));
  MapUsers();
  JoinTimeOf(pid);

  const CommandOutput ran = RunBundle("newuser");

  EXPECT_THAT(ran.out, TellsTimeOf(pid)) << ran.err;
}

// A file of user 5 on a file system of the host, mapped as the container's user namespace is: it is
// user 5's inside.
TEST_F(Namespaces, AnIdMappedMountTakesTheMappingsOfAJoinedUserNamespace) {
  CAISSON_REQUIRE(Need::kUserNs);
  MapUsers();
  const pid_t pid = caisson_.PidOf(Sleeper("firstuser"));
  JoinUserOf(pid);
  bundle_.dir().Write("volume/file", "");
  ASSERT_EQ(::chown((bundle_.dir() / "volume/file").c_str(), 5, 6), 0);
  bundle_.config().mounts.push_back(
      {.destination = "/v", .type = "bind", .source = "volume", .options = {"rbind", "idmap"}});
  bundle_.Shell("stat -c %u:%g /v/file");

  const CommandOutput ran = RunBundle("idmapped");

  EXPECT_EQ(ran.out, "5:6\n") << ran.err;
}

// Its tree is there only when the mounts before it are made, and the rights over the file system
// are the host's: init asks its creator.
TEST_F(Namespaces, AnIdMappedMountMayHaveItsSourceInTheRoot) {
  for (const bool is_user : {false, true}) {
    SCOPED_TRACE(is_user);
    if (is_user) MapUsers();
    bundle_.dir().Write("rootfs/data/file", "");
    ASSERT_EQ(::chown(bundle_.RootPath("data/file").c_str(), 5, 6), 0);
    const auto before = bundle_.config().mounts;
    bundle_.config().mounts.push_back({.destination = "/v",
                                       .type = "bind",
                                       .source = bundle_.RootPath("data"),
                                       .options = {"rbind", "ro", "idmap"},
                                       .uid_mappings = {{0, 100000, 10}},
                                       .gid_mappings = {{0, 200000, 10}}});
    bundle_.Shell("stat -c %u:%g /v/file; touch /v/new");

    const CommandOutput ran = RunBundle("idmapped");

    EXPECT_EQ(ran.out, is_user ? "5:6\n" : "100005:200006\n") << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("Read-only file system"));
    bundle_.config().mounts = before;
  }
}

TEST_F(Namespaces, ACgroupNamespaceHasTheContainersCgroupAsItsRoot) {
  Entry(NamespaceType::kCgroup);
  bundle_.Shell("cat /proc/self/cgroup");

  const CommandOutput ran = RunBundle("cgroupns");

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  for (const auto line : Split(Trim(ran.out), '\n'))
    EXPECT_THAT(std::string(line), ::testing::EndsWith(":/"));
}

TEST_F(Namespaces, APathThatIsNoNamespaceIsRefused) {
  Entry(NamespaceType::kNetwork).path = "/dev/null";
  bundle_.Shell("true");

  const CommandOutput ran = RunBundle("wrong");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("linux.namespaces["));
}

// A user without privileges: one id mapped, the host's network, no cgroup of its own.
class RootlessRuns : public Lifecycle {
 protected:
  static constexpr unsigned kUser = 1234;

  void SetUp() override {
    Lifecycle::SetUp();
    CAISSON_REQUIRE(Need::kUserNs);
    namespace fs = std::filesystem;
    fs::copy_file(Program("caisson"), place_ / "caisson");
    for (const std::string& path : {place_.path(), bundle_.path()}) {
      ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
      ASSERT_EQ(::chown(path.c_str(), kUser, kUser), 0);
    }
    for (const auto& entry : fs::recursive_directory_iterator(bundle_.path()))
      ASSERT_EQ(::lchown(entry.path().c_str(), kUser, kUser), 0);
    spec::MakeRootless(bundle_.config(), kUser, kUser);
  }
  std::vector<std::string> UserCommand(const std::vector<std::string>& args) {
    std::vector<std::string> argv = {"setpriv",          "--reuid",     StrCat(kUser),
                                     "--regid",          StrCat(kUser), "--clear-groups",
                                     place_ / "caisson", "--root",      place_ / "state"};
    argv.insert(argv.end(), args.begin(), args.end());
    return argv;
  }
  CommandOutput RunAsUser(const std::vector<std::string>& args) {
    auto output =
        RunCommand({.argv = UserCommand(args)}, "", Deadline::After(std::chrono::seconds(60)));
    EXPECT_TRUE(output) << output.error().message();
    return output ? std::move(output).value() : CommandOutput();
  }
  TempDir place_;
};

TEST_F(RootlessRuns, AContainerRunsAsRootOfItsOwnNamespace) {
  bundle_.Shell("id -u; cat /proc/self/uid_map; hostname");

  const CommandOutput ran = RunAsUser({"run", "-b", bundle_.path(), caisson_.Id("rootless")});

  ASSERT_TRUE(ran.status.ok()) << ran.err;
  EXPECT_THAT(ran.out, ::testing::ContainsRegex("^0\n +0 +1234 +1\ncaisson\n$"));
}

TEST_F(RootlessRuns, TimeOffsetsAreTheContainersOwn) {
  auto& linux_config = bundle_.config().linux;
  linux_config.namespaces.push_back({.type = NamespaceType::kTime});
  linux_config.time_offsets = {{.clock = "monotonic", .secs = 7, .nanosecs = 9}};
  bundle_.Shell("cat /proc/self/timens_offsets");

  const CommandOutput ran = RunAsUser({"run", "-b", bundle_.path(), caisson_.Id("rootlesstime")});

  EXPECT_THAT(ran.out, ::testing::ContainsRegex("^monotonic +7 +9\n")) << ran.err;
}

TEST_F(RootlessRuns, ExecEntersIt) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("rootlessexec");
  // Its standard streams outlive the command, so they must not be pipes of ours.
  Command create{.argv = UserCommand({"create", "-b", bundle_.path(), id})};
  const auto creator = Spawn(create);
  ASSERT_TRUE(creator);
  const auto created = creator->Reap(Deadline::After(std::chrono::seconds(30)));
  ASSERT_TRUE(created && *created && (*created)->ok());
  ASSERT_TRUE(RunAsUser({"start", id}).status.ok());

  const CommandOutput ran = RunAsUser({"exec", id, "/bin/sh", "-c", "id -u; hostname"});
  const CommandOutput deleted = RunAsUser({"delete", "--force", id});

  EXPECT_EQ(ran.out, "0\ncaisson\n") << ran.err;
  EXPECT_TRUE(deleted.status.ok()) << deleted.err;
}

}  // namespace
}  // namespace caisson::test
