// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/cgroup/fixture.h"

#include <signal.h>
#include <unistd.h>

#include "runtime/base/file.h"

namespace caisson::cgroup {

ChildGuard Sleeper() {
  auto child = Spawn({.argv = {"sleep", "600"}});
  if (!child) ADD_FAILURE() << child.error().message();
  return child ? ChildGuard(std::move(*child)) : ChildGuard();
}

HeldChild Held(const std::function<int()>& fn) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) ADD_FAILURE() << "pipe2";
  UniqueFd wait(ends[0]);
  UniqueFd go(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    go.Reset();
    char byte = 0;
    (void)!::read(wait.get(), &byte, 1);
    ::_exit(fn());
  }
  auto child = Pidfd::Open(pid);
  if (!child) ADD_FAILURE() << child.error().message();
  return {ChildGuard(std::move(*child)), std::move(go)};
}

CgroupTest::CgroupTest() : name_(StrCat("caisson-test-", ::getpid())) {}

CgroupTest::~CgroupTest() {
  if (!manager_) return;
  (void)manager_->KillAll(Soon());
  const Status removed = manager_->Remove(Soon());
  if (!removed) ADD_FAILURE() << removed.error().ToString();
}

Manager& CgroupTest::Create() { return Create({.container_id = name_}); }

Manager& CgroupTest::Create(Request request) {
  const auto layout = Layout::Detect();
  EXPECT_TRUE(layout) << layout.error().message();
  auto manager = Manager::Plan(*layout, request);
  EXPECT_TRUE(manager) << manager.error().message();
  manager_ = std::move(*manager);
  const Status created = manager_->Create();
  EXPECT_TRUE(created) << created.error().ToString();
  return *manager_;
}

std::string CgroupTest::V1(std::string_view controller, const std::string& file) {
  const Directory* const directory = manager_->record().FindV1(controller);
  if (directory == nullptr) return "no directory";
  const auto text = ReadFile(StrCat(directory->path, "/", file));
  return text ? std::string(Trim(*text)) : text.error().message();
}

std::string CgroupTest::V2(const std::string& file) {
  const Directory* const directory = manager_->record().V2();
  if (directory == nullptr) return "no directory";
  const auto text = ReadFile(StrCat(directory->path, "/", file));
  return text ? std::string(Trim(*text)) : text.error().message();
}

}  // namespace caisson::cgroup
