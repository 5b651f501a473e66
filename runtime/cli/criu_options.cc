// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/criu_options.h"

#include "runtime/cli/create_options.h"

namespace caisson::cli {

Status ReadCriuOptions(const Invocation& invocation, criu::Options& options) {
  const Parsed& given = invocation.options;
  if (invocation.global.Has("criu")) options.program = invocation.global.Get("criu");
  const std::string image = given.Get("image-path");
  CAISSON_ASSIGN(options.image_path, AbsolutePath(image.empty() ? "checkpoint" : image));
  CAISSON_ASSIGN(options.work_path, AbsolutePath(given.Get("work-path")));
  if (options.work_path.empty()) options.work_path = options.image_path;
  options.tcp_established = given.On("tcp-established");
  options.ext_unix_sk = given.On("ext-unix-sk");
  options.shell_job = given.On("shell-job");
  options.file_locks = given.On("file-locks");
  options.lazy_pages = given.On("lazy-pages");
  options.auto_dedup = given.On("auto-dedup");
  options.manage_cgroups_mode = given.Get("manage-cgroups-mode");
  const std::string& mode = options.manage_cgroups_mode;
  if (!mode.empty() && mode != "soft" && mode != "full" && mode != "strict" && mode != "ignore")
    return Error(Code::kInvalidSpec, StrCat("invalid manage-cgroups-mode \"", mode, "\""))
        .Hint("soft, full, strict or ignore");
  const std::string empty = given.Get("empty-ns");
  options.empty_network = empty == "network";
  if (!empty.empty() && !options.empty_network)
    return Error(Code::kInvalidSpec, StrCat("namespace \"", empty, "\" for --empty-ns"))
        .Hint("network is the only one that can be left empty");
  return Ok();
}

}  // namespace caisson::cli
