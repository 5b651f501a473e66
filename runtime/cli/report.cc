// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/report.h"

#include "runtime/cli/output.h"
#include "runtime/state/status.h"

namespace caisson::cli {

std::string ReportJson(const container::ContainerState& state, std::string_view indent) {
  state::Record record;
  record.id = state.id;
  record.oci_version = spec::kOciVersion;
  record.init_pid = state.pid;
  record.bundle = state.bundle;
  record.rootfs = state.rootfs;
  record.created = state.created;
  record.annotations = state.annotations;
  return state::ReportJson(record, state.status, UserName(state.owner_uid), indent);
}

}  // namespace caisson::cli
