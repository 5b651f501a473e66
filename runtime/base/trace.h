// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/sdt.h>
#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace caisson {

// The numbered points of a container's life. Each is a line of `--trace FILE` and a static probe
// (provider "caisson", the name as in the first column) for perf, bpftrace and gdb.
//   X(probe, name in the file, what has happened)
#define CAISSON_TRACE_POINTS(X)                                 \
  X(create_1, "create.1", "id and configuration validated")     \
  X(create_2, "create.2", "container object initialised")       \
  X(create_3, "create.3", "process start prepared")             \
  X(create_4, "create.4", "parent ready")                       \
  X(create_5, "create.5", "cgroup applied")                     \
  X(create_6, "create.6", "id maps written")                    \
  X(create_7, "create.7", "bootstrap entered")                  \
  X(create_8, "create.8", "PID 1 cloned")                       \
  X(create_9, "create.9", "final init stage")                   \
  X(create_10, "create.10", "handed over")                      \
  X(start_1, "start.1", "state loaded")                         \
  X(start_2, "start.2", "start asked")                          \
  X(start_3, "start.3", "mounts set up")                        \
  X(start_4, "start.4", "security applied")                     \
  X(start_5, "start.5", "LSM applied")                          \
  X(start_6, "start.6", "process running")                      \
  X(ns_unshare, "ns.unshare", "namespaces created")             \
  X(ns_setns, "ns.setns", "namespace joined")                   \
  X(ns_map_verified, "ns.map_verified", "id map read back")     \
  X(cgroup_detect, "cgroup.detect", "layout detected")          \
  X(cgroup_create, "cgroup.create", "cgroup created")           \
  X(cgroup_limits, "cgroup.limits", "limits applied")           \
  X(cgroup_join, "cgroup.join", "process joined")               \
  X(cgroup_monitor, "cgroup.monitor", "events watched")         \
  X(cgroup_oom, "cgroup.oom", "out of memory")                  \
  X(cgroup_remove, "cgroup.remove", "cgroup removed")           \
  X(init_phase, "init.phase", "phase of init entered")          \
  X(exec_joined, "exec.joined", "process joined the container") \
  X(exec_running, "exec.running", "process running")            \
  X(delete_done, "delete.done", "nothing left")

enum class TracePoint : std::uint8_t {
#define CAISSON_TRACE_ENUM_(probe, name, words) probe,  // NOLINT: named as its probe
  CAISSON_TRACE_POINTS(CAISSON_TRACE_ENUM_)
#undef CAISSON_TRACE_ENUM_
};

// The name in the file and the words of a point.
std::string_view NameOf(TracePoint point);
std::string_view WordsOf(TracePoint point);

namespace internal {
extern int g_trace_fd;  // -1: off
void WriteTrace(TracePoint point, std::string_view object) noexcept;
}  // namespace internal

// Lines go to this descriptor from now on, in this process and its children, each with one
// write(2), so that several processes may share a file opened with O_APPEND. -1 turns it off. The
// descriptor must outlive the program.
void SetTrace(int fd) noexcept;
inline bool TraceIsOn() { return internal::g_trace_fd >= 0; }
// The pid that lines of this process show, where it does not know its own on the host.
void SetTracePid(pid_t host_pid) noexcept;

// CAISSON_TRACE(create_5, path): a no-op instruction and one comparison when nobody listens. No
// heap, so that it may stand in the child zone. `object` is anything that makes a string_view.
#define CAISSON_TRACE(point, object)                                                \
  do {                                                                              \
    const auto& trace_source_ = object; /* a temporary lives on until the end */    \
    const std::string_view trace_object_(trace_source_);                            \
    STAP_PROBE2(caisson, point, trace_object_.data(), trace_object_.size());        \
    if (::caisson::TraceIsOn()) [[unlikely]]                                        \
      ::caisson::internal::WriteTrace(::caisson::TracePoint::point, trace_object_); \
  } while (false)

}  // namespace caisson
