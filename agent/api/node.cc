// SPDX-License-Identifier: Apache-2.0
#include "agent/api/node.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "agent/pod_spec/pod.h"
#include "runtime/base/file.h"

namespace caisson::api {
namespace {

using nlohmann::json;

// One line of a small file of the host, or nothing.
std::string HostLine(const char* path) {
  const auto text = ReadFile(path, 4096);
  return text ? std::string(Trim(*text)) : std::string();
}

std::string OsImage() {
  const auto text = ReadFile("/etc/os-release", 65536);
  if (!text) return "Linux";
  for (std::string_view line : Split(*text, '\n')) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    line.remove_prefix(12);
    if (line.size() > 1 && line.front() == '"') line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return "Linux";
}

std::string Architecture(const utsname& host) {
  const std::string_view machine = host.machine;
  if (machine == "x86_64") return "amd64";
  return machine == "aarch64" ? "arm64" : std::string(machine);
}

json Condition(const char* type, const char* status, const char* reason, const char* message) {
  const std::string now = pod_spec::FormatTime(pod_spec::NowTime());
  return {{"type", type},
          {"status", status},
          {"lastHeartbeatTime", now},
          {"lastTransitionTime", now},
          {"reason", reason},
          {"message", message}};
}

json Resources(int max_pods) {
  struct sysinfo info {};
  (void)::sysinfo(&info);  // fails only for a bad pointer
  const std::uint64_t memory_kib = static_cast<std::uint64_t>(info.totalram) * info.mem_unit / 1024;
  return {{"cpu", std::to_string(::sysconf(_SC_NPROCESSORS_ONLN))},
          {"memory", StrCat(memory_kib, "Ki")},
          {"pods", std::to_string(max_pods)}};
}

}  // namespace

json NodeDocument(const Services& services) {
  utsname host{};
  (void)::uname(&host);  // fails only for a bad pointer
  const std::string arch = Architecture(host);
  json addresses = json::array();
  if (!services.node_ip.empty())
    addresses.push_back({{"type", "InternalIP"}, {"address", services.node_ip}});
  addresses.push_back({{"type", "Hostname"}, {"address", host.nodename}});
  const json resources = Resources(services.max_pods);
  return {
      {"kind", "Node"},
      {"apiVersion", "v1"},
      {"metadata",
       {{"name", services.node_name},
        {"labels",
         {{"kubernetes.io/hostname", services.node_name},
          {"kubernetes.io/os", "linux"},
          {"kubernetes.io/arch", arch}}}}},
      {"spec", json::object()},
      {"status",
       {{"capacity", resources},
        {"allocatable", resources},
        {"addresses", std::move(addresses)},
        {"conditions", json::array({Condition("Ready", "True", "AgentReady", "caissond answers")})},
        {"nodeInfo",
         {{"machineID", HostLine("/etc/machine-id")},
          {"systemUUID", ""},
          {"bootID", HostLine("/proc/sys/kernel/random/boot_id")},
          {"kernelVersion", host.release},
          {"osImage", OsImage()},
          {"containerRuntimeVersion", "caisson://" + services.version},
          {"kubeletVersion", "v1.32.5+caisson." + services.version},
          {"kubeProxyVersion", ""},
          {"operatingSystem", "linux"},
          {"architecture", arch}}}}}};
}

}  // namespace caisson::api
