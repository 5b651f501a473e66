// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/id_map.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/run_command.h"

namespace caisson::security {
namespace {

// Source: user_namespaces(7): at most 340 lines since Linux 4.15, in one write below a page.
constexpr std::size_t kMaxEntries = 340;
constexpr std::size_t kMaxTextBytes = 4095;
constexpr std::uint64_t kIds = 0xFFFFFFFFull;  // 2^32 - 1 is not an id

struct Range {
  std::uint64_t first;
  std::uint64_t end;
  std::size_t index;
};

Error BadEntry(std::string_view field, std::size_t index, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat(field, "[", index, "]: ", what));
}

// Errors: kInvalidSpec when two ranges share an id. `side` is "containerID" or "hostID".
Status CheckDisjoint(std::string_view field, std::string_view side, std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].end) {
      return BadEntry(field, ranges[i].index,
                      StrCat("its ", side, " range overlaps that of entry ", ranges[i - 1].index));
    }
  }
  return Ok();
}

Status CheckMappings(std::string_view field, const std::vector<spec::IdMapping>& mappings) {
  if (mappings.empty()) {
    return Error(Code::kInvalidSpec, StrCat(field, ": a new user namespace needs at least one"))
        .Hint("map container id 0 to an unprivileged range of the host");
  }
  if (mappings.size() > kMaxEntries)
    return Error(Code::kInvalidSpec, StrCat(field, ": more than ", kMaxEntries, " entries"));
  std::vector<Range> inside;
  std::vector<Range> outside;
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const spec::IdMapping& m = mappings[i];
    if (m.size == 0) return BadEntry(field, i, "size is 0");
    inside.push_back({m.container_id, std::uint64_t{m.container_id} + m.size, i});
    outside.push_back({m.host_id, std::uint64_t{m.host_id} + m.size, i});
    if (inside.back().end > kIds || outside.back().end > kIds)
      return BadEntry(field, i, "reaches beyond the last id, 4294967294");
  }
  CAISSON_TRY(CheckDisjoint(field, "containerID", std::move(inside)));
  CAISSON_TRY(CheckDisjoint(field, "hostID", std::move(outside)));
  if (IdMapText(mappings).size() > kMaxTextBytes)
    return Error(Code::kInvalidSpec, StrCat(field, ": longer than the kernel takes (4095 bytes)"));
  return Ok();
}

bool MapsOnly(const std::vector<spec::IdMapping>& mappings, std::uint32_t id) {
  return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == id;
}

Status WriteDirect(const IdMapPlan& plan, pid_t host_pid) {
  const std::string dir = StrCat("/proc/", host_pid, "/");
  if (plan.deny_setgroups) CAISSON_TRY(WriteFileAt(kCwd, dir + "setgroups", "deny"));
  const auto write = [&](const char* file, const std::vector<spec::IdMapping>& mappings) -> Status {
    Status done = WriteFileAt(kCwd, dir + file, IdMapText(mappings));
    if (done || done.error().sys_errno() != EPERM) return done;
    return std::move(done).error().Hint(
        "map only ids that this user namespace has, or add the range to /etc/subuid and "
        "/etc/subgid and install newuidmap");
  };
  CAISSON_TRY(write("gid_map", plan.gids));
  return write("uid_map", plan.uids);
}

// Source: newuidmap(1): newuidmap PID uid loweruid count [...].
Status WriteByHelper(const char* helper, const char* delegation,
                     const std::vector<spec::IdMapping>& mappings, pid_t host_pid) {
  Command command;
  command.argv = {helper, StrCat(host_pid)};
  for (const spec::IdMapping& m : mappings) {
    command.argv.push_back(StrCat(m.container_id));
    command.argv.push_back(StrCat(m.host_id));
    command.argv.push_back(StrCat(m.size));
  }
  auto output = RunCommand(std::move(command), "", Deadline::After(std::chrono::seconds(30)));
  if (!output) {
    return std::move(output).error().Wrap(helper).Hint(
        StrCat("install ", helper, " (Debian's package uidmap)"));
  }
  if (output->status.ok()) return Ok();
  return Error(Code::kDenied, StrCat(helper, ": exit status ", output->status.ShellCode(), ": ",
                                     Trim(output->err)))
      .Hint(StrCat("add the range to ", delegation));
}

Status VerifyMap(const std::string& file, std::vector<spec::IdMapping> wanted) {
  CAISSON_ASSIGN(const std::string text, ReadSmallFileAt(kCwd, file));
  CAISSON_ASSIGN(std::vector<spec::IdMapping> written, ParseIdMap(text), file);
  // The kernel sorts long maps.
  const auto order = [](const spec::IdMapping& a, const spec::IdMapping& b) {
    return a.container_id < b.container_id;
  };
  std::sort(wanted.begin(), wanted.end(), order);
  std::sort(written.begin(), written.end(), order);
  if (IdMapText(written) == IdMapText(wanted)) return Ok();
  return Error(Code::kInternal, StrCat(file, ": maps other ids than those asked for"));
}

}  // namespace

Result<IdMapPlan> PlanIdMap(const std::vector<spec::IdMapping>& uids,
                            const std::vector<spec::IdMapping>& gids, const IdMapCaller& caller) {
  CAISSON_TRY(CheckMappings("linux.uidMappings", uids));
  CAISSON_TRY(CheckMappings("linux.gidMappings", gids));
  IdMapPlan plan{.uids = uids, .gids = gids};
  if (caller.privileged) return plan;
  if (MapsOnly(uids, caller.uid) && MapsOnly(gids, caller.gid)) {
    plan.deny_setgroups = true;
    return plan;
  }
  plan.writer = IdMapWriter::kHelpers;
  return plan;
}

IdMapCaller CurrentIdMapCaller() {
  IdMapCaller caller{.uid = ::geteuid(), .gid = ::getegid(), .privileged = false};
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return caller;
  constexpr std::uint32_t kNeeded = 1u << CAP_SETUID | 1u << CAP_SETGID;
  caller.privileged = (data[0].effective & kNeeded) == kNeeded;
  return caller;
}

std::string IdMapText(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& m : mappings)
    text += StrCat(m.container_id, " ", m.host_id, " ", m.size, "\n");
  return text;
}

Result<std::vector<spec::IdMapping>> ParseIdMap(std::string_view text) {
  std::vector<spec::IdMapping> mappings;
  for (const std::string_view line : Split(text, '\n')) {
    if (Trim(line).empty()) continue;
    std::vector<std::uint32_t> numbers;
    for (const std::string_view word : Split(line, ' ')) {
      if (word.empty()) continue;
      const auto number = ParseInt<std::uint32_t>(word);
      if (!number || numbers.size() == 3) numbers.clear();
      if (!number) break;
      numbers.push_back(*number);
    }
    if (numbers.size() != 3)
      return Error(Code::kInvalidSpec, StrCat("id map line \"", Trim(line), "\": not three ids"));
    mappings.push_back({.container_id = numbers[0], .host_id = numbers[1], .size = numbers[2]});
  }
  return mappings;
}

std::optional<std::uint32_t> ToHostId(const std::vector<spec::IdMapping>& mappings,
                                      std::uint32_t container_id) {
  for (const spec::IdMapping& m : mappings) {
    if (container_id >= m.container_id && container_id - m.container_id < m.size)
      return m.host_id + (container_id - m.container_id);
  }
  return std::nullopt;
}

Status WriteIdMaps(const IdMapPlan& plan, pid_t host_pid) {
  if (plan.writer == IdMapWriter::kDirect) return WriteDirect(plan, host_pid);
  CAISSON_TRY(WriteByHelper("newgidmap", "/etc/subgid", plan.gids, host_pid));
  return WriteByHelper("newuidmap", "/etc/subuid", plan.uids, host_pid);
}

Status VerifyIdMaps(const IdMapPlan& plan, pid_t host_pid) {
  CAISSON_TRY(VerifyMap(StrCat("/proc/", host_pid, "/uid_map"), plan.uids));
  return VerifyMap(StrCat("/proc/", host_pid, "/gid_map"), plan.gids);
}

}  // namespace caisson::security
