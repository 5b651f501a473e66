// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/process.h"
#include "runtime/base/run_command.h"
#include "runtime/spec/config.h"
#include "tests/support/leak_check.h"
#include "tests/support/temp_dir.h"

namespace caisson::test {

// A bundle whose root holds busybox and the probe, and the program `caisson` to run it. Around
// each test: nothing may be left on the host, and the folder that stands for "outside" stays empty.
class EscapeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string Id() const { return id_; }
  std::string Root(std::string_view name) const { return *dir_ / StrCat("rootfs/", name); }
  std::string Outside() const { return *dir_ / "outside"; }

  void WriteConfig(const std::string& bundle = "");
  // caisson --root STATE args...
  CommandOutput Caisson(std::vector<std::string> args, std::string_view input = {});
  // The same with the host's /dev/null as its 0, 1 and 2. The exit code.
  int CaissonOnNull(std::vector<std::string> args);
  // The configuration's process, to its end.
  CommandOutput RunContainer();
  CommandOutput RunContainer(std::vector<std::string> args);
  // The configuration that WriteConfig wrote, by create, start and delete, to its process's end.
  CommandOutput CreateAndStart();
  // A container with this process that runs until the test ends; its output goes to a file.
  void StartContainer(std::vector<std::string> args);
  CommandOutput ExecIn(std::vector<std::string> options, std::vector<std::string> args);
  std::string OutputOfContainer() const;
  // Waits until the started container has written `text`.
  bool AwaitOutput(std::string_view text) const;
  bool AwaitEnd();

  void Link(const std::string& text, const std::string& in_root);
  void DropMounts(std::string_view destination);
  void Allow(const std::string& capability);

  std::unique_ptr<TempDir> dir_;
  spec::Config config_;

 private:
  // Its caller has left the host's root open at 9, as careless ones do.
  Command CommandFor(const std::vector<std::string>& args) const;

  UniqueFd host_root_;
  std::unique_ptr<LeakCheck> leak_check_;
  std::string id_;
  Pidfd started_;
};

}  // namespace caisson::test
