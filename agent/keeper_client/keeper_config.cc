// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/keeper_config.h"

#include <nlohmann/json.hpp>

#include "agent/keeper_client/json_fields.h"

namespace caisson::keeper_client {

std::string ToJson(const KeeperConfig& config) {
  return Dump(nlohmann::json{{"pod_uid", config.pod_uid},
                             {"pod_namespace", config.pod_namespace},
                             {"pod_name", config.pod_name},
                             {"run_dir", config.run_dir},
                             {"data_dir", config.data_dir},
                             {"state_root", config.state_root},
                             {"cgroup_root", config.cgroup_root},
                             {"pod_cgroup", config.pod_cgroup},
                             {"pod_resources", config.pod_resources},
                             {"hostname", config.hostname},
                             {"host_network", config.host_network},
                             {"host_ipc", config.host_ipc},
                             {"share_process_namespace", config.share_process_namespace},
                             {"sysctls", config.sysctls},
                             {"log_max_bytes", config.log_rotation.max_bytes},
                             {"log_max_files", config.log_rotation.max_files}});
}

Result<KeeperConfig> ParseKeeperConfig(std::string_view text) {
  CAISSON_ASSIGN(const nlohmann::json in, ParseJson(text, "keeper configuration"));
  KeeperConfig config;
  CAISSON_TRY(FieldReader(in)
                  .Needs("pod_uid", config.pod_uid)
                  .Takes("pod_namespace", config.pod_namespace)
                  .Takes("pod_name", config.pod_name)
                  .Needs("run_dir", config.run_dir)
                  .Needs("data_dir", config.data_dir)
                  .Needs("state_root", config.state_root)
                  .Needs("cgroup_root", config.cgroup_root)
                  .Needs("pod_cgroup", config.pod_cgroup)
                  .Takes("pod_resources", config.pod_resources)
                  .Takes("hostname", config.hostname)
                  .Takes("host_network", config.host_network)
                  .Takes("host_ipc", config.host_ipc)
                  .Takes("share_process_namespace", config.share_process_namespace)
                  .Takes("sysctls", config.sysctls)
                  .Takes("log_max_bytes", config.log_rotation.max_bytes)
                  .Takes("log_max_files", config.log_rotation.max_files)
                  .Done(),
              "keeper configuration");
  return config;
}

}  // namespace caisson::keeper_client
