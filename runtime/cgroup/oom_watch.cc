// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/oom_watch.h"

#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/stats.h"

namespace caisson::cgroup {
namespace {

// The start of a small control file; empty with errno when it cannot be read.
std::string ReadSmall(const UniqueFd& fd) {
  if (!fd.valid()) return {};
  char text[1024];
  const ssize_t got = TEMP_FAILURE_RETRY(::pread(fd.get(), text, sizeof text, 0));
  return got < 0 ? std::string() : std::string(text, static_cast<std::size_t>(got));
}

Count NumberIn(const std::string& path) {
  const auto text = ReadControl(path);
  return text ? ParseLimit(*text) : Count();
}

Count HitsOnV2(const std::string& path) {
  const auto text = ReadControl(path + "/memory.events.local");
  return text ? FindKey(*text, "oom") : Count();
}

// Where memory plus swap is limited as tightly as memory, that counter refuses first, and newer
// kernels no longer count its refusals; that it was full once says the same.
Count HitsOnV1(const std::string& path) {
  Count hits = NumberIn(path + "/memory.failcnt");
  if (!hits) return {};
  const Count peak = NumberIn(path + "/memory.memsw.max_usage_in_bytes");
  const Count limit = NumberIn(path + "/memory.memsw.limit_in_bytes");
  if (peak && limit && *peak >= *limit) ++*hits;
  return hits;
}

Result<UniqueFd> WatchV2(const std::string& path) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) return SysError("inotify_init1", path);
  if (::inotify_add_watch(inotify.get(), path.c_str(), IN_MODIFY) < 0)
    return SysError("inotify_add_watch", path);
  return inotify;
}

Result<UniqueFd> WatchV1(const std::string& directory, const UniqueFd& oom_control) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) return SysError("eventfd", directory);
  CAISSON_TRY(WriteFileAt(kCwd, directory + "/cgroup.event_control",
                          StrCat(event.get(), " ", oom_control.get())));
  return event;
}

}  // namespace

Result<OomWatch> OomWatch::Open(const Record& record) {
  OomWatch watch;
  const Directory* const v1 = record.FindV1("memory");
  const Directory* const directory = v1 != nullptr ? v1 : record.V2();
  if (directory == nullptr)
    return Error(Code::kUnsupported, "watch for OOM: the container has no memory cgroup");
  const std::string& path = directory->path;
  watch.version_ = directory->version;
  const bool is_v1 = v1 != nullptr;
  const std::string file = path + (is_v1 ? "/memory.oom_control" : "/memory.events");
  CAISSON_ASSIGN(watch.counts_, OpenAt(kCwd, file, O_RDONLY), "watch for OOM");
  watch.path_ = path;
  auto event = is_v1 ? WatchV1(path, watch.counts_) : WatchV2(file);
  if (!event) return std::move(event).error().Wrap("watch for OOM");
  watch.event_ = std::move(*event);
  CAISSON_TRY(watch.Read());
  return watch;
}

Result<OomCounts> OomWatch::Read() {
  char drained[4096];
  while (TEMP_FAILURE_RETRY(::read(event_.get(), drained, sizeof drained)) > 0) {
    if (version_ == Version::kV1) break;  // an eventfd is empty after one read
  }
  const std::string counts = ReadSmall(counts_);
  if (const Count kills = FindKey(counts, "oom_kill")) last_.kills = *kills;
  if (const Count hits = version_ == Version::kV1 ? HitsOnV1(path_) : HitsOnV2(path_))
    last_.limit_hits = *hits;
  return last_;
}

OomLevel AttributeOom(const OomCounts& container_before, const OomCounts& container_after,
                      const OomCounts& pod_before, const OomCounts& pod_after) {
  if (container_after.limit_hits > container_before.limit_hits) return OomLevel::kContainer;
  if (pod_after.limit_hits > pod_before.limit_hits) return OomLevel::kPod;
  return OomLevel::kAncestor;
}

std::string_view NameOf(OomLevel level) {
  switch (level) {
    case OomLevel::kContainer: return "container";
    case OomLevel::kPod: return "pod";
    case OomLevel::kAncestor: return "ancestor";
  }
  return "?";
}

}  // namespace caisson::cgroup
