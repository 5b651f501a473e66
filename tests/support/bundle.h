// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/run_command.h"
#include "runtime/spec/example.h"
#include "tests/support/programs.h"
#include "tests/support/temp_dir.h"

namespace caisson::test {

// A bundle whose root is a static busybox. The configuration is that of `caisson spec` without a
// terminal and with a root that can be written to; change it, then Save. For tests that link
// runtime/spec.
class Bundle {
 public:
  Bundle() : config_(spec::Example(false)) {
    namespace fs = std::filesystem;
    for (const char* const dir : {"bin", "proc", "dev", "sys", "tmp", "etc"})
      fs::create_directories(dir_ / StrCat("rootfs/", dir));
    fs::copy_file("/bin/busybox", dir_ / "rootfs/bin/busybox");
    for (const char* const applet :
         {"sh",    "true",  "false", "cat",      "echo",  "env",   "hostname", "id",   "ls",
          "mount", "ps",    "pwd",   "readlink", "sleep", "stat",  "stty",     "test", "touch",
          "tty",   "umask", "wc",    "head",     "kill",  "mkdir", "ip",       "grep", "dd"})
      fs::create_symlink("busybox", dir_ / StrCat("rootfs/bin/", applet));
    config_.process->terminal = false;
    config_.root->readonly = false;
    Args({"/bin/true"});
  }

  const std::string& path() const { return dir_.path(); }
  std::string RootPath(std::string_view name) const { return dir_ / StrCat("rootfs/", name); }
  const TempDir& dir() const { return dir_; }

  spec::Config& config() { return config_; }
  spec::Process& process() { return *config_.process; }
  // Sets the arguments and writes config.json.
  Bundle& Args(std::vector<std::string> args) {
    config_.process->args = std::move(args);
    return Save();
  }
  Bundle& Shell(std::string script) { return Args({"/bin/sh", "-c", std::move(script)}); }
  Bundle& Save() {
    dir_.Write("config.json", spec::ToJson(config_));
    return *this;
  }

 private:
  TempDir dir_;
  spec::Config config_;
};

// The program `caisson` with a state root of its own. Containers that a test leaves behind are
// deleted with force.
class Caisson {
 public:
  Caisson() = default;
  Caisson(const Caisson&) = delete;
  Caisson& operator=(const Caisson&) = delete;
  ~Caisson() {
    const CommandOutput ids = Run({"list", "-q"});
    for (const auto id : Split(ids.out, '\n'))
      if (!id.empty()) (void)Run({"delete", "--force", std::string(id)});
  }

  // An id that no other test uses.
  std::string Id(std::string_view name) const { return StrCat("test-", ::getpid(), "-", name); }
  std::string root() const { return dir_ / "state"; }
  std::string log() const { return dir_ / "log"; }
  const TempDir& dir() const { return dir_; }

  Command CommandFor(std::vector<std::string> args) const {
    Command command{.argv = {Program("caisson"), "--root", root()}};
    command.argv.insert(command.argv.end(), std::make_move_iterator(args.begin()),
                        std::make_move_iterator(args.end()));
    return command;
  }
  CommandOutput Run(std::vector<std::string> args, std::string_view input = {}) const {
    return RunWith(CommandFor(std::move(args)), input);
  }
  // A detached container keeps the pipes of RunCommand open, so its output goes elsewhere.
  CommandOutput RunDetached(std::vector<std::string> args) const {
    std::string line;
    for (const std::string& arg : CommandFor(std::move(args)).argv)
      line.append(line.empty() ? "'" : " '").append(arg).append("'");
    return RunWith(
        {.argv = {"/bin/sh", "-c", StrCat(line, " </dev/null >", out(), " 2>", dir_ / "err")}}, {});
  }
  // What the last RunDetached or its container wrote.
  std::string out() const { return dir_ / "out"; }
  std::string DetachedOutput() const { return dir_.Read("out"); }
  std::string DetachedErrors() const { return dir_.Read("err"); }

  // The "status" member of `state`.
  std::string StatusOf(const std::string& id) const {
    return Member(Run({"state", id}).out, "status");
  }
  pid_t PidOf(const std::string& id) const {
    return ParseInt<pid_t>(Member(Run({"state", id}).out, "pid")).value_or(0);
  }
  // Waits until the container's process has ended.
  void AwaitStopped(const std::string& id) const {
    const pid_t pid = PidOf(id);
    if (pid == 0) return;
    const auto process = Pidfd::Open(pid);
    if (!process) return;
    const auto ended = process->WaitEnded(Deadline::After(std::chrono::seconds(20)));
    EXPECT_TRUE(ended && *ended) << id << " still runs";
  }

 private:
  static CommandOutput RunWith(Command command, std::string_view input) {
    auto output = RunCommand(std::move(command), input, Deadline::After(std::chrono::seconds(60)));
    if (!output) {
      ADD_FAILURE() << output.error().message();
      return {};
    }
    return std::move(output).value();
  }
  static std::string Member(std::string_view json, std::string_view name) {
    const std::string key = StrCat("\"", name, "\": ");
    const auto at = json.find(key);
    if (at == json.npos) return {};
    std::string_view value = json.substr(at + key.size());
    value = value.substr(0, value.find_first_of(",\n"));
    if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
    return std::string(value);
  }

  TempDir dir_;
};

}  // namespace caisson::test
