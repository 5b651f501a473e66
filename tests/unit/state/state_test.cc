// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/base/process.h"
#include "runtime/state/container_id.h"
#include "runtime/state/directory.h"
#include "runtime/state/status.h"
#include "tests/support/temp_dir.h"

namespace caisson::state {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Deadline Soon() { return Deadline::After(std::chrono::seconds(5)); }
Deadline Now() { return Deadline::After(std::chrono::milliseconds(0)); }
Result<bool> NotFrozen() { return false; }

Record MakeRecord(const std::string& id) {
  Record record;
  record.id = id;
  record.oci_version = "1.3.0";
  record.bundle = "/bundle";
  record.rootfs = "/bundle/rootfs";
  record.created = CreatedNow();
  record.annotations = {{"a", "b"}};
  return record;
}

// A record of this very process, as if it were a container's init.
Record MakeLiveRecord(const std::string& id) {
  Record record = MakeRecord(id);
  record.phase = Phase::kCreated;
  record.init_pid = ::getpid();
  record.init_start_time = ReadStartTime(::getpid()).value();
  record.boot_id = ReadBootId().value();
  return record;
}

Directory MustCreate(const TempDir& root, const std::string& id) {
  auto made = Directory::Create(root.path(), id);
  if (!made) ADD_FAILURE() << made.error().message();
  return std::move(made).value();
}

TEST(CheckId, TakesRuncsPatternOnly) {
  for (const char* const id : {"web", "a_B-1.2+x,y", ".hidden", "..."}) {
    SCOPED_TRACE(id);
    EXPECT_TRUE(CheckId(id));
  }
  for (const char* const id : {"", ".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa4", "a:b"}) {
    SCOPED_TRACE(id);
    const Status bad = CheckId(id);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code(), Code::kInvalidSpec);
    EXPECT_EQ(bad.error().message(), *id == '\0'
                                         ? "container id cannot be empty"
                                         : StrCat("invalid container ID format: \"", id, "\""));
  }
  EXPECT_TRUE(CheckId(std::string(255, 'x')));
  EXPECT_FALSE(CheckId(std::string(256, 'x')));
}

TEST(Record, SurvivesWritingAndReading) {
  Record record = MakeLiveRecord("web");
  record.cgroup = "{\"path\":\"/web\"}";
  record.resctrl_groups = {"/sys/fs/resctrl/web"};
  record.namespaces = {{spec::NamespaceType::kNetwork, "/proc/1/ns/net"}};
  record.poststop = {{.path = "/hook", .args = {"x"}, .env = {}, .timeout_s = 3}};
  record.external_fds = {"/dev/null", "pipe:[1]", "pipe:[2]"};
  record.mount_below_root = 77;
  record.rootless = true;

  const auto read = ParseRecord(ToJson(record));

  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(ToJson(*read), ToJson(record));
  EXPECT_EQ(read->init_start_time, record.init_start_time);
  EXPECT_EQ(read->poststop[0].timeout_s, 3);
}

TEST(Record, ForeignNewerAndBrokenFilesAreToldApart) {
  const auto sentence = [](std::string_view json) { return ParseRecord(json).error().message(); };
  EXPECT_EQ(sentence(R"({"id": "x", "init_process_pid": 1})"), "was not written by caisson");
  EXPECT_EQ(sentence(R"({"writer": "caisson", "schema": 2})"),
            "has schema 2, this caisson reads 1");
  EXPECT_EQ(sentence(R"({"writer": "caisson", "schema": 1})"), "id: is required");
  EXPECT_THAT(sentence("{\"writer\": \"cais"), HasSubstr("parse error at line 1"));
}

TEST(Directory, IsPrivateAndHoldsTheRecord) {
  const TempDir root;
  const std::string nested = root / "run/caisson";
  auto made = Directory::Create(nested, "web");
  ASSERT_TRUE(made) << made.error().message();
  ASSERT_TRUE(made->WriteRecord(MakeRecord("web")));

  struct stat info {};
  ASSERT_EQ(::stat((nested + "/web").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(nested.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((nested + "/web/creating.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto record = Directory::Open(nested, "web").value().ReadRecord();
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->bundle, "/bundle");
}

TEST(Directory, AnIdIsTakenOnlyOnce) {
  const TempDir root;
  const Directory first = MustCreate(root, "web");

  const auto second = Directory::Create(root.path(), "web");

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(second.error().message(), "container with given ID already exists: \"web\"");
}

TEST(Directory, AMissingContainerOrRootIsNotFound) {
  const TempDir root;
  for (const std::string& path : {root.path(), root / "absent"}) {
    const auto opened = Directory::Open(path, "web");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::kNotFound);
    EXPECT_EQ(opened.error().message(), "container \"web\" does not exist");
  }
}

TEST(Directory, ASymlinkInItsPlaceIsNotFollowed) {
  const TempDir root;
  ASSERT_EQ(::symlink("/etc", (root / "web").c_str()), 0);

  const auto opened = Directory::Open(root.path(), "web");

  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("open \"web\": "));
}

TEST(Directory, TheLockKeepsOthersOutUntilItsDeadline) {
  const TempDir root;
  Directory holder = MustCreate(root, "web");
  Directory other = Directory::Open(root.path(), "web").value();

  const Status busy = other.Lock(Now());
  EXPECT_TRUE(other.IsLocked().value());
  holder.Unlock();

  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), Code::kWrongState);
  EXPECT_EQ(busy.error().message(), "container \"web\" is in use by another command");
  EXPECT_FALSE(other.IsLocked().value());
  EXPECT_TRUE(other.Lock(Now()));
}

TEST(Directory, TheLockEndsWithTheHolderThoughAChildHasTheDescriptor) {
  const TempDir root;
  auto pipe = std::array<int, 2>{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  UniqueFd reader(pipe[0]);
  UniqueFd writer(pipe[1]);
  pid_t child = -1;
  {
    const Directory holder = MustCreate(root, "web");
    child = ::fork();
    if (child == 0) {
      writer.Reset();
      char byte = 0;
      (void)!::read(reader.get(), &byte, 1);  // until the parent is done
      ::_exit(0);
    }
  }
  Directory other = Directory::Open(root.path(), "web").value();

  const Status locked = other.Lock(Now());

  EXPECT_TRUE(locked) << locked.error().message();
  writer.Reset();
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(Directory, WaitingForAContainerThatIsRemovedMeanwhileIsNotFound) {
  const TempDir root;
  Directory holder = MustCreate(root, "web");
  Directory waiter = Directory::Open(root.path(), "web").value();

  ASSERT_TRUE(std::move(holder).Remove());
  holder.Unlock();
  const Directory reborn = MustCreate(root, "web");
  const Status locked = waiter.Lock(Soon());

  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().message(), "container \"web\" does not exist");
}

TEST(Directory, APublishedDraftIsTheRecord) {
  const TempDir root;
  Directory made = MustCreate(root, "web");
  ASSERT_TRUE(made.WriteRecord(MakeRecord("web")));
  ASSERT_TRUE(made.WriteDraft(MakeLiveRecord("web")));
  EXPECT_EQ(made.ReadRecord()->phase, Phase::kCreating);

  ASSERT_TRUE(made.PublishDraft());

  EXPECT_EQ(made.ReadRecord()->phase, Phase::kCreated);
  EXPECT_TRUE(std::move(made).Remove());
}

TEST(Directory, AnInterruptedCreationIsToldAndCanBeRemoved) {
  const TempDir root;
  Directory made = MustCreate(root, "web");

  const auto record = made.ReadRecord();

  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().message(),
            "container \"web\" does not exist: its creation was interrupted");
  EXPECT_EQ(record.error().hint(), "remove it with delete --force");
  EXPECT_TRUE(std::move(made).Remove());
  EXPECT_THAT(ListIds(root.path()).value(), IsEmpty());
}

TEST(Directory, ACorruptRecordIsNamedWithItsFile) {
  const TempDir root;
  root.Write("web/state.json", "{");
  root.Write("other/state.json", ToJson(MakeRecord("web")));

  const auto broken = Directory::Open(root.path(), "web").value().ReadRecord();
  const auto moved = Directory::Open(root.path(), "other").value().ReadRecord();

  EXPECT_THAT(broken.error().message(), HasSubstr("container \"web\": state.json: parse error"));
  EXPECT_EQ(moved.error().message(),
            "container \"other\": state.json: id: \"web\" is another container's");
}

TEST(ListIds, LeavesOutWhatIsNoContainer) {
  const TempDir root;
  root.Write("b/state.json", "{}");
  root.Write("a/state.json", "{}");
  root.Write("a file", "");
  root.Write("file", "");

  EXPECT_THAT(ListIds(root.path()).value(), ElementsAre("a", "b"));
  EXPECT_THAT(ListIds(root / "absent").value(), IsEmpty());
}

TEST(DeriveStatus, FollowsTheGateTheFreezerAndTheInit) {
  const TempDir root;
  Directory made = MustCreate(root, "web");
  Record record = MakeLiveRecord("web");
  const auto status = [&](const Record& of, bool frozen = false) {
    return DeriveStatus(made, of, [=] { return Result<bool>(frozen); }).value();
  };

  EXPECT_EQ(status(record), ContainerStatus::kRunning);
  EXPECT_EQ(status(record, true), ContainerStatus::kPaused);
  ASSERT_EQ(::mknodat(made.fd().get(), Directory::kStartGate, S_IFSOCK | 0600, 0), 0);
  EXPECT_EQ(status(record), ContainerStatus::kCreated);
  EXPECT_EQ(status(record, true), ContainerStatus::kPaused);
  record.phase = Phase::kCreating;
  EXPECT_EQ(status(record), ContainerStatus::kCreating);
  made.Unlock();
  EXPECT_EQ(status(record), ContainerStatus::kStopped);
}

TEST(DeriveStatus, AStalePidIsNotBelieved) {
  const TempDir root;
  const Directory made = MustCreate(root, "web");
  const Record live = MakeLiveRecord("web");
  Record other_boot = live;
  other_boot.boot_id = "another";
  Record reused = live;
  reused.init_start_time += 1;
  Record none = live;
  none.init_pid = 0;

  for (const Record& record : {other_boot, reused, none})
    EXPECT_EQ(DeriveStatus(made, record, NotFrozen).value(), ContainerStatus::kStopped);
}

TEST(DeriveStatus, AZombieHasStopped) {
  const TempDir root;
  const Directory made = MustCreate(root, "web");
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  Record record = MakeLiveRecord("web");
  record.init_pid = child;
  record.init_start_time = ReadStartTime(child).value();

  EXPECT_EQ(DeriveStatus(made, record, NotFrozen).value(), ContainerStatus::kStopped);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(OciStateJson, HasTheSpecificationsMembersAndNoPidWhenStopped) {
  Record record = MakeRecord("web");
  record.init_pid = 42;

  EXPECT_EQ(OciStateJson(record, ContainerStatus::kCreated),
            R"({"ociVersion":"1.3.0","id":"web","status":"created","pid":42,"bundle":"/bundle",)"
            R"("annotations":{"a":"b"}})");
  EXPECT_EQ(OciStateJson(record, ContainerStatus::kStopped),
            R"({"ociVersion":"1.3.0","id":"web","status":"stopped","bundle":"/bundle",)"
            R"("annotations":{"a":"b"}})");
}

TEST(ReportJson, IsRuncsStateOutput) {
  Record record = MakeRecord("web");
  record.created = "2026-01-02T03:04:05.000000006Z";

  EXPECT_EQ(ReportJson(record, ContainerStatus::kStopped, "root"),
            R"({"ociVersion":"1.3.0","id":"web","pid":0,"status":"stopped","bundle":"/bundle",)"
            R"("rootfs":"/bundle/rootfs","created":"2026-01-02T03:04:05.000000006Z",)"
            R"("annotations":{"a":"b"},"owner":"root"})");
}

}  // namespace
}  // namespace caisson::state
