// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/poststart.h"

#include "runtime/base/log.h"
#include "runtime/process/hooks.h"
#include "runtime/state/status.h"

namespace caisson::container {

Status RunPoststartHooks(const spec::Config& config, const state::Record& record) {
  const auto& hooks = config.hooks.poststart;
  if (hooks.empty()) return Ok();
  const std::string state = state::OciStateJson(record, state::ContainerStatus::kRunning);
  if (!spec::IsBefore(config.oci_version, 1, 3))
    return process::RunHooks("poststart", hooks, state, record.bundle);
  for (const Error& error : process::RunAllHooks("poststart", hooks, state, record.bundle))
    Log(LogLevel::kWarning, error.ToString(), {{"id", record.id}});
  return Ok();
}

}  // namespace caisson::container
