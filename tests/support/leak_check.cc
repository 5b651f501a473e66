// SPDX-License-Identifier: Apache-2.0
#include "tests/support/leak_check.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>

#include "runtime/base/deadline.h"
#include "runtime/base/file.h"
#include "runtime/base/run_command.h"

namespace caisson::test {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

Names Mounts() {
  Names out;
  const auto text = ReadFile("/proc/self/mountinfo");
  if (!text) return out;
  for (const auto line : Split(*text, '\n')) {
    const auto fields = Split(line, ' ');
    // A mount point may be mounted over twice, so its id belongs to its name.
    if (fields.size() > 4) out.insert(StrCat(fields[4], " (mount ", fields[0], ")"));
  }
  return out;
}

Names Links() {
  Names out;
  const auto text = ReadFile("/proc/self/net/dev");
  if (!text) return out;
  for (const auto line : Split(*text, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos) out.emplace(Trim(line.substr(0, colon)));
  }
  return out;
}

Names NftTables() {
  Names out;
  const auto listed = RunCommand({.argv = {"nft", "list", "tables"}}, "",
                                 Deadline::After(std::chrono::seconds(10)));
  if (!listed || !listed->status.ok()) return out;
  for (const auto line : Split(listed->out, '\n')) {
    if (!line.empty()) out.emplace(line);
  }
  return out;
}

// Directory by directory: one that vanishes while we look is left out, and not what comes after it.
void AddEntries(const std::string& folder, bool directories_only, Names& out) {
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code vanished;
    const bool is_directory = it->symlink_status(vanished).type() == fs::file_type::directory;
    const std::string path = it->path().string();
    if (is_directory || !directories_only) out.insert(path);
    if (is_directory) AddEntries(path, directories_only, out);
  }
}

Names Entries(const std::string& root, bool directories_only) {
  Names out;
  AddEntries(root, directories_only, out);
  return out;
}

Names Cgroups() {
  Names out = Entries("/sys/fs/cgroup", true);
  std::erase_if(out, [](const std::string& path) {
    return path.find("process_api") != std::string::npos;  // a supervisor's own group
  });
  return out;
}

Names OurProcesses() {
  Names out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const auto pid = ParseInt<pid_t>(entry.path().filename().string());
    if (!pid || *pid == ::getpid()) continue;
    const auto name = ReadFile(StrCat("/proc/", *pid, "/comm"));
    if (name && name->starts_with("caisson")) out.insert(StrCat(Trim(*name), " (pid ", *pid, ")"));
  }
  return out;
}

Names Descriptors() {
  Names out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", ignored)) {
    const auto target = fs::read_symlink(entry.path(), ignored);
    if (!ignored && !target.string().starts_with("/proc/"))  // the iterator's own
      out.insert(StrCat(entry.path().filename().string(), " -> ", target.string()));
  }
  return out;
}

void Append(std::string& out, const std::string& kind, char sign, const Names& from,
            const Names& without) {
  for (const std::string& name : from) {
    if (!without.contains(name)) out.append(StrCat(kind, ": ", sign, name, "\n"));
  }
}

}  // namespace

HostState ReadHostState() {
  HostState state;
  state.kinds["mounts"] = Mounts();
  state.kinds["links"] = Links();
  state.kinds["nft tables"] = NftTables();
  state.kinds["cgroups"] = Cgroups();
  state.kinds["named network namespaces"] = Entries("/run/netns", false);
  state.kinds["processes"] = OurProcesses();
  state.kinds["run directory"] = Entries("/run/caisson", false);
  state.kinds["descriptors"] = Descriptors();
  return state;
}

std::string Difference(const HostState& before, const HostState& after) {
  std::string out;
  for (const auto& [kind, names] : before.kinds) {
    const auto found = after.kinds.find(kind);
    const Names now = found == after.kinds.end() ? Names() : found->second;
    Append(out, kind, '+', now, names);
    Append(out, kind, '-', names, now);
  }
  return out;
}

LeakCheck::LeakCheck()
    : lock_(::open("/run/caisson-test.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
  if (!lock_.valid() || TEMP_FAILURE_RETRY(::flock(lock_.get(), LOCK_EX)) < 0)
    ADD_FAILURE() << SysError("flock", "/run/caisson-test.lock").message();
  before_ = ReadHostState();
}

LeakCheck::~LeakCheck() {
  const Deadline deadline = Deadline::After(std::chrono::seconds(10));
  std::string left;
  while (!(left = Difference(before_, ReadHostState())).empty() && !deadline.passed())
    ::poll(nullptr, 0, 50);  // nothing tells when the kernel has finished with a namespace
  EXPECT_EQ(left, "") << "the test left the host other than it found it";
}

}  // namespace caisson::test
