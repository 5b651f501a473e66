// SPDX-License-Identifier: Apache-2.0
#include "runtime/state/status.h"

#include "runtime/base/process.h"
#include "runtime/spec/field_writer.h"

namespace caisson::state {
namespace {

using spec::Is;

struct OciState {
  const Record& record;
  ContainerStatus status;
};

struct Report {
  const Record& record;
  ContainerStatus status;
  std::string owner;
};

pid_t PidOf(const Record& record, ContainerStatus status) {
  return status == ContainerStatus::kStopped ? 0 : record.init_pid;
}

template <class V>
void Fields(V& v, Is<OciState> auto& state) {
  v.Required("ociVersion", state.record.oci_version);
  v.Required("id", state.record.id);
  v.Required("status", std::string(NameOf(state.status)));
  if (const pid_t pid = PidOf(state.record, state.status); pid > 0) v.Required("pid", pid);
  v.Required("bundle", state.record.bundle);
  v.Optional("annotations", state.record.annotations);
}

template <class V>
void Fields(V& v, Is<Report> auto& report) {
  v.Required("ociVersion", report.record.oci_version);
  v.Required("id", report.record.id);
  v.Required("pid", PidOf(report.record, report.status));
  v.Required("status", std::string(NameOf(report.status)));
  v.Required("bundle", report.record.bundle);
  v.Required("rootfs", report.record.rootfs);
  v.Required("created", report.record.created);
  v.Optional("annotations", report.record.annotations);
  v.Required("owner", report.owner);
}

}  // namespace

std::string_view NameOf(ContainerStatus status) {
  switch (status) {
    case ContainerStatus::kCreating: return "creating";
    case ContainerStatus::kCreated: return "created";
    case ContainerStatus::kRunning: return "running";
    case ContainerStatus::kPaused: return "paused";
    case ContainerStatus::kStopped: return "stopped";
  }
  return "stopped";
}

Result<bool> InitIsAlive(const Record& record) {
  if (record.init_pid <= 0) return false;
  CAISSON_ASSIGN(const std::string boot_id, ReadBootId());
  if (boot_id != record.boot_id) return false;
  const auto stat = ReadProcStat(record.init_pid);
  if (!stat && stat.error().code() == Code::kNotFound) return false;
  if (!stat) return stat.error();
  const bool ended = stat->state == 'Z' || stat->state == 'X';
  return !ended && stat->start_time == record.init_start_time;
}

Result<ContainerStatus> DeriveStatus(const Directory& directory, const Record& record,
                                     const std::function<Result<bool>()>& is_frozen) {
  if (record.phase == Phase::kCreating) {
    CAISSON_ASSIGN(const bool in_work, directory.IsLocked());
    return in_work ? ContainerStatus::kCreating : ContainerStatus::kStopped;
  }
  CAISSON_ASSIGN(const bool alive, InitIsAlive(record));
  if (!alive) return ContainerStatus::kStopped;
  // A created one can be paused too. Nobody may then wait for its init or join it.
  CAISSON_ASSIGN(const bool frozen, is_frozen());
  if (frozen) return ContainerStatus::kPaused;
  return directory.HasStartGate() ? ContainerStatus::kCreated : ContainerStatus::kRunning;
}

std::string OciStateJson(const Record& record, ContainerStatus status) {
  return spec::WriteJson(OciState{record, status});
}

std::string ReportJson(const Record& record, ContainerStatus status, std::string_view owner,
                       std::string_view indent) {
  return spec::WriteJson(Report{record, status, std::string(owner)}, indent);
}

}  // namespace caisson::state
