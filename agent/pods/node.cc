// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/node.h"

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/layout.h"

namespace caisson::pods {
namespace {

// CAP_SYS_RESOURCE, which going below one's own oom_score_adj needs. Source: capabilities(7).
constexpr unsigned kCapSysResource = 24;

bool HoldsSysResource() {
  const auto status = ReadFile("/proc/self/status");
  if (!status) return false;
  for (const std::string_view line : Split(*status, '\n')) {
    constexpr std::string_view kName = "CapEff:\t";
    if (!line.starts_with(kName)) continue;
    const std::string hex(line.substr(kName.size()));
    return (std::strtoull(hex.c_str(), nullptr, 16) >> kCapSysResource & 1U) != 0;
  }
  return false;
}

}  // namespace

void ReadNodeFacts(Node& node) {
  const auto layout = cgroup::Layout::Detect(node.config.cgroup_root);
  node.unified_cgroups = layout && layout->mode == cgroup::Mode::kUnified;
  node.cpu_milli = ::sysconf(_SC_NPROCESSORS_ONLN) * 1000;
  node.memory_bytes = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE);
  if (HoldsSysResource()) return;
  const auto own = ReadFile("/proc/self/oom_score_adj");
  node.lowest_oom_score_adj = own ? ParseInt<std::int32_t>(Trim(*own)).value_or(0) : 0;
}

std::string LogDirOf(const PodsConfig& config, const pod_spec::ObjectMeta& meta) {
  return StrCat(config.log_dir, "/", meta.namespace_, "_", meta.name, "_", meta.uid);
}

}  // namespace caisson::pods
