// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/keeper_client/keepers.h"
#include "runtime/spec/config.h"
#include "tests/support/leak_check.h"
#include "tests/support/temp_dir.h"

namespace caisson::test {

// A keeper of its own for each test: directories under /tmp, cgroups named after this process, a
// busybox root. Afterwards the host must be as it was.
class KeeperTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  keeper_client::KeeperConfig Config() const;
  void Spawn(const keeper_client::KeeperConfig& config);
  // A configuration that runs `script` by sh, with namespaces of its own where a pod's container
  // has them.
  spec::Config Script(const std::string& id, const std::string& script) const;
  // Creates and starts it; a failed request is a test failure unless the caller looks at it.
  Result<keeper_client::ContainerInfo> Start(const std::string& id, const spec::Config& config,
                                             std::uint32_t attempt = 0);
  // The next exit that is told, or nothing.
  std::optional<keeper_client::ExitRecord> NextExit();
  // Starts it and waits for its end.
  std::optional<keeper_client::ExitRecord> RunToEnd(const std::string& id,
                                                    const spec::Config& config);
  bool WaitLost();
  std::string LogOf(const std::string& id) const { return dir_->Read(StrCat("logs/", id, ".log")); }
  std::string RunDir() const { return *dir_ / StrCat("run/", uid_); }
  std::string DataDir() const { return *dir_ / StrCat("data/", uid_); }

  void OpenKeepers();

  std::string uid_;
  std::string cgroup_parent_;
  std::unique_ptr<LeakCheck> leak_check_;
  std::unique_ptr<TempDir> dir_;
  std::unique_ptr<keeper_client::Keepers> keepers_;
  std::shared_ptr<keeper_client::Keeper> keeper_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<keeper_client::ExitRecord> exits_;
  bool lost_ = false;
};

}  // namespace caisson::test
