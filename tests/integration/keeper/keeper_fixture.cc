// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/keeper/keeper_fixture.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>

#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"
#include "tests/support/need.h"
#include "tests/support/programs.h"

namespace caisson::test {
namespace {

constexpr std::chrono::seconds kLimit{30};

std::string ReadAll(const std::string& path) {
  auto text = ReadFile(path);
  if (!text) ADD_FAILURE() << text.error().message();
  return text ? std::move(*text) : std::string();
}

}  // namespace

void KeeperTest::SetUp() {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs, Need::kBusybox);
  static std::atomic<int> count{0};
  uid_ = StrCat("test-", ::getpid(), "-", ++count);
  cgroup_parent_ = StrCat("/caisson-test-", ::getpid());
  leak_check_ = std::make_unique<LeakCheck>();
  dir_ = std::make_unique<TempDir>();
  for (const std::string& path : {RunDir(), DataDir(), *dir_ / "logs", *dir_ / "rootfs/bin"})
    ASSERT_TRUE(MakeDirs(path, 0755));
  dir_->Write("rootfs/bin/busybox", ReadAll("/bin/busybox"));
  ASSERT_EQ(::chmod((*dir_ / "rootfs/bin/busybox").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("busybox", (*dir_ / "rootfs/bin/sh").c_str()), 0);
  OpenKeepers();
}

void KeeperTest::OpenKeepers() {
  keeper_client::Keepers::Callbacks callbacks;
  callbacks.exited = [this](const std::string&, const keeper_client::ExitRecord& exit) {
    const std::lock_guard lock(mutex_);
    exits_.push_back(exit);
    changed_.notify_all();
  };
  callbacks.lost = [this](const std::string&) {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    changed_.notify_all();
  };
  auto opened = keeper_client::Keepers::Open({.program = Program("caisson-keeper"),
                                              .cgroup_root = "/sys/fs/cgroup",
                                              .own_cgroup = StrCat(cgroup_parent_, "/keepers"),
                                              .visible = {dir_->path()}},
                                             std::move(callbacks));
  ASSERT_TRUE(opened) << opened.error().ToString();
  keepers_ = std::move(*opened);
}

void KeeperTest::TearDown() {
  if (keeper_ && !keeper_->gone()) {
    const Status stopped = keeper_->StopPod(Deadline::After(kLimit));
    EXPECT_TRUE(stopped) << stopped.error().ToString();
    EXPECT_TRUE(WaitLost());
  }
  keeper_.reset();
  keepers_.reset();
  if (HasFailure() && dir_) std::fputs(ReadAll(RunDir() + "/keeper.log").c_str(), stderr);
  if (!cgroup_parent_.empty()) {
    const auto layout = cgroup::Layout::Detect();
    ASSERT_TRUE(layout);
    const auto manager = cgroup::Manager::Plan(*layout, {.cgroups_path = cgroup_parent_});
    ASSERT_TRUE(manager);
    const Status removed = manager->Remove(Deadline::After(kLimit));
    EXPECT_TRUE(removed) << removed.error().ToString();
  }
  dir_.reset();
  leak_check_.reset();
}

keeper_client::KeeperConfig KeeperTest::Config() const {
  keeper_client::KeeperConfig config;
  config.pod_uid = uid_;
  config.pod_namespace = "default";
  config.pod_name = "web";
  config.run_dir = RunDir();
  config.data_dir = DataDir();
  config.state_root = RunDir() + "/state";
  config.cgroup_root = "/sys/fs/cgroup";
  config.pod_cgroup = StrCat(cgroup_parent_, "/pod", uid_);
  config.hostname = "web";
  return config;
}

void KeeperTest::Spawn(const keeper_client::KeeperConfig& config) {
  auto spawned = keepers_->Spawn(config, Deadline::After(kLimit));
  ASSERT_TRUE(spawned) << spawned.error().ToString();
  keeper_ = std::move(*spawned);
}

spec::Config KeeperTest::Script(const std::string& id, const std::string& script) const {
  spec::Config config;
  config.oci_version = "1.2.0";
  config.root = spec::Root{.path = "rootfs"};
  auto& process = config.process.emplace();
  process.args = {"/bin/sh", "-c", script};
  process.cwd = "/";
  process.env = {"PATH=/bin"};
  config.mounts.push_back({.destination = "/proc", .type = "proc", .source = "proc"});
  config.mounts.push_back({.destination = "/dev", .type = "tmpfs", .source = "tmpfs"});
  config.linux.namespaces = {{.type = spec::NamespaceType::kMount, .path = {}},
                             {.type = spec::NamespaceType::kPid, .path = {}}};
  config.linux.cgroups_path = StrCat(cgroup_parent_, "/pod", uid_, "/", id);
  return config;
}

Result<keeper_client::ContainerInfo> KeeperTest::Start(const std::string& id,
                                                       const spec::Config& config,
                                                       std::uint32_t attempt) {
  dir_->Write(StrCat("run/", uid_, "/", id, "/config.json"), spec::ToJson(config));
  const UniqueFd root(
      ::open_tree(AT_FDCWD, (*dir_ / "rootfs").c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!root.valid()) return SysError("open_tree", "rootfs");
  return keeper_->Create({.container_id = id,
                          .name = id,
                          .attempt = attempt,
                          .bundle_dir = StrCat(RunDir(), "/", id),
                          .log_path = *dir_ / StrCat("logs/", id, ".log"),
                          .mount_indexes = {},
                          .start = true},
                         {.root = root, .sources = {}}, Deadline::After(kLimit));
}

std::optional<keeper_client::ExitRecord> KeeperTest::NextExit() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kLimit, [&] { return !exits_.empty(); })) return std::nullopt;
  auto exit = exits_.front();
  exits_.erase(exits_.begin());
  return exit;
}

std::optional<keeper_client::ExitRecord> KeeperTest::RunToEnd(const std::string& id,
                                                              const spec::Config& config) {
  const auto started = Start(id, config);
  EXPECT_TRUE(started) << started.error().ToString();
  if (!started) return std::nullopt;
  return NextExit();
}

bool KeeperTest::WaitLost() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kLimit, [&] { return lost_; });
}

}  // namespace caisson::test
