// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"
#include "agent/podctl/resources.h"

namespace caisson::podctl {

Status Logs(const RestClient& client, const LogsOptions& options) {
  CAISSON_ASSIGN(const ResourceName pods, FindResource("pods"));
  std::string path = pods.Path(options.ns, options.pod) + "/log?";
  if (!options.container.empty()) path += StrCat("container=", EncodeQuery(options.container), "&");
  if (options.follow) path += "follow=true&";
  if (options.previous) path += "previous=true&";
  if (options.timestamps) path += "timestamps=true&";
  if (options.tail) path += StrCat("tailLines=", *options.tail, "&");
  if (options.since_seconds) path += StrCat("sinceSeconds=", *options.since_seconds, "&");
  Status printed = Ok();
  CAISSON_ASSIGN(const Answer answer, client.Stream(path, false, [&](std::string_view bytes) {
    printed = Print(bytes);
    return printed.has_value();
  }));
  CAISSON_TRY(std::move(printed));
  return CheckAnswer(answer);
}

}  // namespace caisson::podctl
