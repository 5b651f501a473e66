// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/settings.h"

#include <concepts>

#include "metrics/names.h"

namespace caisson::daemon {
namespace {

using Texts = std::vector<std::string>;

Status Parse(const std::string& text, std::string& value) {
  value = text;
  return Ok();
}

Status Parse(const std::string& text, bool& value) {
  if (text != "true" && text != "false")
    return Error(Code::kInvalidSpec, StrCat("expected true or false, not \"", text, "\""));
  value = text == "true";
  return Ok();
}

template <std::integral Int>
Status Parse(const std::string& text, Int& value) {
  const auto number = ParseInt<Int>(text);
  if (!number)
    return Error(Code::kInvalidSpec, StrCat("expected a whole number, not \"", text, "\""));
  value = *number;
  return Ok();
}

Status Parse(const std::string& text, LogLevel& value) {
  if (text == "debug") return value = LogLevel::kDebug, Ok();
  if (text == "info") return value = LogLevel::kInfo, Ok();
  if (text == "warning") return value = LogLevel::kWarning, Ok();
  if (text == "error") return value = LogLevel::kError, Ok();
  return Error(Code::kInvalidSpec,
               StrCat("expected debug, info, warning or error, not \"", text, "\""));
}

Status Parse(const std::string& text, LogFormat& value) {
  if (text == "text") return value = LogFormat::kText, Ok();
  if (text == "json") return value = LogFormat::kJson, Ok();
  return Error(Code::kInvalidSpec, StrCat("expected text or json, not \"", text, "\""));
}

std::string Show(const std::string& value) { return value; }
std::string Show(bool value) { return value ? "true" : "false"; }
template <std::integral Int>
std::string Show(Int value) {
  return StrCat(value);
}
std::string Show(LogLevel value) {
  switch (value) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "info";
}
std::string Show(LogFormat value) { return value == LogFormat::kJson ? "json" : "text"; }

template <class Value>
Setting One(std::string_view flag, std::string_view value_name, Value Config::*member,
            std::string_view help) {
  return {.flag = flag,
          .value_name = value_name,
          .help = help,
          .set = [member](Config& config, const Texts& texts) -> Status {
            if (texts.size() != 1) return Error(Code::kInvalidSpec, "expected one value");
            return Parse(texts.front(), config.*member);
          },
          .get = [member](const Config& config) { return Texts{Show(config.*member)}; }};
}

Setting List(std::string_view flag, std::string_view value_name, Texts Config::*member,
             std::string_view help) {
  return {.flag = flag,
          .value_name = value_name,
          .help = help,
          .is_list = true,
          .set = [member](Config& config, const Texts& texts) -> Status {
            config.*member = texts;
            return Ok();
          },
          .get = [member](const Config& config) { return config.*member; }};
}

Status SetMetrics(Config& config, const Texts& texts) {
  for (const std::string& name : texts) {
    if (!metrics::SeriesGroupNamed(name))
      return Error(Code::kInvalidSpec,
                   StrCat("expected cpu, memory, disk, process, spec, pressure or detail, not \"",
                          name, "\""));
  }
  config.metrics = texts;
  return Ok();
}

const std::vector<Setting>& Table() {
  static const std::vector<Setting> table = {
      One("data-dir", "DIR", &Config::data_dir, "images, volumes, what survives a reboot"),
      One("run-dir", "DIR", &Config::run_dir, "sockets and state of this boot"),
      One("log-dir", "DIR", &Config::log_dir, "containers' logs"),
      One("socket", "PATH", &Config::socket, "unix socket of the API; empty: in run-dir"),
      List("listen", "ADDRESS", &Config::listen, "further addresses of the API: host:port"),
      One("keeper", "PATH", &Config::keeper, "caisson-keeper; empty: beside this program"),
      One("node-name", "NAME", &Config::node_name, "name of this node; empty: the host's"),
      One("node-ip", "ADDRESS", &Config::node_ip,
          "address of this node; empty: the default route's"),
      One("pod-cidr", "CIDR", &Config::pod_cidr, "network of the pods"),
      One("pod-cidr-v6", "CIDR", &Config::pod_cidr_v6, "their IPv6 network; empty: none"),
      One("bridge", "NAME", &Config::bridge, "bridge of the pods"),
      One("mtu", "BYTES", &Config::mtu, "MTU of the pods; 0: the default route's"),
      One("masquerade", "BOOL", &Config::masquerade, "pods leave the node with its address"),
      One("nft-table", "NAME", &Config::nft_table, "nftables table of the agent"),
      List("cluster-dns", "ADDRESS", &Config::cluster_dns, "name servers for ClusterFirst"),
      One("cluster-domain", "NAME", &Config::cluster_domain, "domain of the cluster"),
      One("cgroup-root", "DIR", &Config::cgroup_root, "where cgroups are mounted"),
      One("cgroup-parent", "PATH", &Config::cgroup_parent, "cgroup of all pods"),
      One("host-root", "DIR", &Config::host_root, "where hostPath volumes start"),
      One("pids-limit", "N", &Config::pids_limit, "processes per container; 0: no limit"),
      One("container-log-max-bytes", "BYTES", &Config::container_log_max_bytes,
          "size at which a log file is put aside"),
      One("container-log-max-files", "N", &Config::container_log_max_files,
          "log files per container"),
      One("restart-backoff-ms", "MS", &Config::restart_backoff_ms,
          "first delay of a crashing container's restart"),
      One("restart-backoff-max-ms", "MS", &Config::restart_backoff_max_ms, "longest delay"),
      One("workers", "N", &Config::workers, "pods worked on at the same time"),
      One("max-pods", "N", &Config::max_pods, "pods that the node says it can hold"),
      {.flag = "metrics",
       .value_name = "GROUP",
       .help = "series of containers: cpu, memory, disk, process, spec, pressure, detail",
       .is_list = true,
       .set = SetMetrics,
       .get = [](const Config& config) { return config.metrics; }},
      One("log-level", "LEVEL", &Config::log_level, "debug, info, warning or error"),
      One("log-format", "FORMAT", &Config::log_format, "text or json"),
  };
  return table;
}

}  // namespace

std::span<const Setting> Settings() { return Table(); }

std::string Setting::Key() const {
  std::string key;
  bool upper = false;
  for (const char c : flag) {
    if (c == '-') {
      upper = true;
      continue;
    }
    key.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return key;
}

std::string Setting::Variable() const {
  std::string name = "CAISSON_";
  for (const char c : flag) {
    if (c == '-') {
      name.push_back('_');
    } else {
      name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  }
  return name;
}

}  // namespace caisson::daemon
