// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"

namespace caisson::podctl {

Status Version(const RestClient& client, bool client_only) {
  CAISSON_TRY(Print(StrCat("podctl ", CAISSON_VERSION, "\n")));
  if (client_only) return Ok();
  CAISSON_ASSIGN(const Answer node_answer, client.Get("/caisson/v1/node"));
  CAISSON_ASSIGN(const nlohmann::json node, JsonOf(node_answer));
  CAISSON_ASSIGN(const Answer api_answer, client.Get("/version"));
  CAISSON_ASSIGN(const nlohmann::json api, JsonOf(api_answer));
  return Print(StrCat("caissond ", node.value("version", ""), " on node ", node.value("node", ""),
                      ", API ", api.value("gitVersion", ""), "\n"));
}

}  // namespace caisson::podctl
