// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/escape/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "runtime/base/socket.h"
#include "runtime/spec/example.h"
#include "tests/support/need.h"
#include "tests/support/programs.h"

namespace caisson::test {
namespace {

constexpr std::chrono::seconds kLimit{60};

void CopyProgram(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) ADD_FAILURE() << from << " to " << to << ": " << error.message();
}

}  // namespace

void EscapeTest::SetUp() {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs, Need::kBusybox);
  static std::atomic<int> count{0};
  id_ = StrCat("caisson-test-", ::getpid(), "-", ++count);
  leak_check_ = std::make_unique<LeakCheck>();
  dir_ = std::make_unique<TempDir>();
  for (const char* path : {"rootfs/bin", "rootfs/etc", "outside", "state"})
    ASSERT_TRUE(MakeDirs(*dir_ / path, 0755));
  CopyProgram("/bin/busybox", Root("bin/busybox"));
  CopyProgram(HelperProgram("escape_probe"), Root("bin/probe"));
  for (const char* name : {"sh", "id", "cat", "ls", "true", "sleep", "mount", "stat", "grep"})
    Link("busybox", StrCat("bin/", name));
  host_root_ = UniqueFd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  config_ = spec::Example(false);
  config_.process->terminal = false;
  config_.process->args = {"/bin/true"};
  config_.root->readonly = false;
}

void EscapeTest::TearDown() {
  if (!dir_) return;
  (void)Caisson({"delete", "--force", id_});
  if (started_.valid()) {
    EXPECT_TRUE(AwaitEnd());
    EXPECT_TRUE(started_.Reap(Deadline::After(kLimit)));
    started_ = Pidfd();
  }
  EXPECT_TRUE(std::filesystem::is_empty(Outside())) << "something was made outside";
  dir_.reset();
  host_root_.Reset();
  leak_check_.reset();
}

void EscapeTest::WriteConfig(const std::string& bundle) {
  dir_->Write(bundle.empty() ? "config.json" : StrCat(bundle, "/config.json"),
              spec::ToJson(config_));
}

Command EscapeTest::CommandFor(const std::vector<std::string>& args) const {
  Command command;
  command.argv = {Program("caisson"), "--root", *dir_ / "state"};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.fds = {{host_root_.get(), 9}};
  return command;
}

CommandOutput EscapeTest::Caisson(std::vector<std::string> args, std::string_view input) {
  Command command = CommandFor(args);
  command.cwd = dir_->path();
  auto output = RunCommand(std::move(command), input, Deadline::After(kLimit));
  if (!output) ADD_FAILURE() << Join(args, " ") << ": " << output.error().ToString();
  return output ? std::move(*output) : CommandOutput();
}

int EscapeTest::CaissonOnNull(std::vector<std::string> args) {
  Command command = CommandFor(args);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {0, 1, 2}) command.fds.emplace_back(null.get(), standard);
  const auto process = Spawn(command);
  const auto status = process ? process->Reap(Deadline::After(kLimit)) : process.error();
  EXPECT_TRUE(status && *status) << Join(args, " ");
  return status && *status ? (*status)->ShellCode() : -1;
}

CommandOutput EscapeTest::RunContainer() {
  WriteConfig();
  return Caisson({"run", "--bundle", dir_->path(), id_});
}

CommandOutput EscapeTest::RunContainer(std::vector<std::string> args) {
  config_.process->args = std::move(args);
  return RunContainer();
}

CommandOutput EscapeTest::CreateAndStart() {
  CommandOutput output;
  const std::string said = *dir_ / "created";
  Command create = CommandFor({"create", "--pid-file", *dir_ / "pid", "--bundle", dir_->path()});
  // A terminal's master is sent there and waits, unreceived, for the end.
  UniqueFd console;
  if (config_.process->terminal) {
    ::unlink((*dir_ / "console").c_str());
    if (auto listening = ListenUnix(*dir_ / "console", SocketType::kStream))
      console = std::move(listening).value();
    create.argv.insert(create.argv.end(), {"--console-socket", *dir_ / "console"});
  }
  create.argv.push_back(id_);
  const UniqueFd out(::open(said.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  for (const int standard : {1, 2}) create.fds.emplace_back(out.get(), standard);
  const auto creator = Spawn(create);
  const auto created = creator ? creator->Reap(Deadline::After(kLimit)) : creator.error();
  EXPECT_TRUE(created && *created);
  if (created && *created) output.status = **created;
  if (output.status.ok()) {
    const auto init = Pidfd::Open(ParseInt<pid_t>(Trim(dir_->Read("pid"))).value_or(0));
    const CommandOutput started = Caisson({"start", id_});
    output.status = started.status;
    output.err = started.err;
    if (init) (void)init->WaitEnded(Deadline::After(kLimit));  // it may have failed to start
  }
  EXPECT_TRUE(Caisson({"delete", "--force", id_}).status.ok());
  output.out = dir_->Read("created");
  output.err.append(output.out);
  return output;
}

void EscapeTest::StartContainer(std::vector<std::string> args) {
  config_.process->args = std::move(args);
  WriteConfig();
  const UniqueFd out(::open((*dir_ / "output").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  Command command = CommandFor({"run", "--bundle", dir_->path(), id_});
  for (const int standard : {1, 2}) command.fds.emplace_back(out.get(), standard);
  auto started = Spawn(command);
  ASSERT_TRUE(started) << started.error().ToString();
  started_ = std::move(*started);
}

CommandOutput EscapeTest::ExecIn(std::vector<std::string> options, std::vector<std::string> args) {
  std::vector<std::string> all = {"exec"};
  all.insert(all.end(), options.begin(), options.end());
  all.push_back(id_);
  all.insert(all.end(), args.begin(), args.end());
  return Caisson(std::move(all));
}

std::string EscapeTest::OutputOfContainer() const {
  const auto text = ReadFile(*dir_ / "output");
  return text ? *text : std::string();
}

bool EscapeTest::AwaitOutput(std::string_view text) const {
  const Deadline deadline = Deadline::After(kLimit);
  while (!deadline.passed()) {
    if (OutputOfContainer().find(text) != std::string::npos) return true;
    const auto ended = started_.WaitEnded(Deadline::After(std::chrono::milliseconds(5)));
    if (ended && *ended) return OutputOfContainer().find(text) != std::string::npos;
  }
  return false;
}

bool EscapeTest::AwaitEnd() {
  const auto ended = started_.WaitEnded(Deadline::After(kLimit));
  return ended && *ended;
}

void EscapeTest::Link(const std::string& text, const std::string& in_root) {
  if (::symlink(text.c_str(), Root(in_root).c_str()) != 0)
    ADD_FAILURE() << in_root << ": " << ::strerrorname_np(errno);
}

void EscapeTest::DropMounts(std::string_view destination) {
  std::erase_if(config_.mounts, [&](const spec::Mount& mount) {
    return mount.destination.starts_with(destination);
  });
}

void EscapeTest::Allow(const std::string& capability) {
  spec::Capabilities& sets = *config_.process->capabilities;
  for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) set->push_back(capability);
}

}  // namespace caisson::test
