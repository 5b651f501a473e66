// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd.h"

#include <algorithm>

#include "runtime/base/run_command.h"
#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/file_write.h"
#include "runtime/cgroup/stats.h"
#include "runtime/cgroup/systemd_program.h"

namespace caisson::cgroup::systemd {
namespace {

constexpr std::uint64_t kInfinity = UINT64_MAX;

bool IsSlice(const Record& record) {
  const std::string_view unit = record.systemd_unit;
  return unit.size() > 6 && unit.substr(unit.size() - 6) == ".slice";
}

// What the helper prints. Bounded, because a busy systemd answers late and a dead one never.
Result<std::string> AskHelper(bool user, std::vector<std::string> arguments) {
  constexpr auto kPatience = std::chrono::seconds(30);
  CAISSON_ASSIGN(std::string helper, FindProgram());
  std::vector<std::string> argv{std::move(helper)};
  if (user) argv.push_back("--user");
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CAISSON_ASSIGN(CommandOutput output,
                 RunCommand({.argv = std::move(argv)}, "", Deadline::After(kPatience)));
  if (output.status.ok()) return std::move(output.out);
  return Error(Code::kSystem, std::string(Trim(output.err)));
}

Status RunHelper(const Record& record, std::vector<std::string> arguments) {
  auto done = AskHelper(record.rootless, std::move(arguments));
  if (done) return Ok();
  Error error = std::move(done).error();
  if (error.code() == Code::kNotFound) return error;
  return std::move(error)
      .Wrap(StrCat("unit \"", record.systemd_unit, "\""))
      .Hint("see systemctl status and the journal");
}

std::string Number(std::string_view name, std::uint64_t value) {
  return StrCat(name, "=t:", value);
}

// -1 and other negatives are unlimited.
std::string Limit(std::string_view name, std::int64_t value) {
  return Number(name, value < 0 ? kInfinity : static_cast<std::uint64_t>(value));
}

// "0-2,5" as the bit mask that systemd wants, in hexadecimal digits, lowest byte first.
Result<std::string> Mask(const std::string& list, std::string_view field) {
  const auto members = ParseCpuList(list);
  if (!members || members->empty())
    return Error(Code::kInvalidSpec, StrCat(field, ": \"", list, "\" is not a list as \"0-2,5\""));
  std::vector<std::uint8_t> bytes(members->back() / 8 + 1);
  for (const std::uint32_t cpu : *members)
    bytes[cpu / 8] = static_cast<std::uint8_t>(bytes[cpu / 8] | 1u << cpu % 8);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 15]);
  }
  return hex;
}

void AddMemory(const spec::MemoryResources& memory, bool v2, std::vector<std::string>& out) {
  if (memory.limit && *memory.limit != 0)
    out.push_back(Limit(v2 ? "MemoryMax" : "MemoryLimit", *memory.limit));
  if (!v2) return;
  if (memory.reservation && *memory.reservation != 0)
    out.push_back(Limit("MemoryLow", *memory.reservation));
  if (memory.swap && *memory.swap != 0) {
    const bool finite = *memory.swap > 0 && memory.limit.value_or(0) > 0;
    out.push_back(Limit("MemorySwapMax", finite ? *memory.swap - *memory.limit : -1));
  }
}

Status AddCpu(const spec::CpuResources& cpu, bool v2, std::vector<std::string>& out) {
  if (cpu.idle == 1 && v2) {
    out.push_back(Number("CPUWeight", 0));
  } else if (cpu.shares && *cpu.shares != 0) {
    out.push_back(v2 ? Number("CPUWeight", WeightFromShares(*cpu.shares))
                     : Number("CPUShares", *cpu.shares));
  }
  const std::uint64_t period = cpu.period_us.value_or(0) != 0 ? *cpu.period_us : 100'000;
  if (cpu.period_us.value_or(0) != 0) out.push_back(Number("CPUQuotaPeriodUSec", period));
  if (cpu.quota_us && *cpu.quota_us != 0) {
    std::uint64_t per_second = kInfinity;
    if (*cpu.quota_us > 0) {
      // systemd rounds down to whole percents, which would make the limit tighter than asked for.
      constexpr std::uint64_t kStep = 10'000;
      per_second = static_cast<std::uint64_t>(*cpu.quota_us) * 1'000'000 / period;
      per_second = (per_second + kStep - 1) / kStep * kStep;
    }
    out.push_back(Number("CPUQuotaPerSecUSec", per_second));
  }
  if (!v2) return Ok();
  if (!cpu.cpus.empty()) {
    CAISSON_ASSIGN(const std::string mask, Mask(cpu.cpus, "linux.resources.cpu.cpus"));
    out.push_back(StrCat("AllowedCPUs=ay:", mask));
  }
  if (!cpu.mems.empty()) {
    CAISSON_ASSIGN(const std::string mask, Mask(cpu.mems, "linux.resources.cpu.mems"));
    out.push_back(StrCat("AllowedMemoryNodes=ay:", mask));
  }
  return Ok();
}

// "max" and numbers; nothing else can be told to systemd, and the kernel is going to refuse it.
std::optional<std::int64_t> UnifiedValue(std::string_view text) {
  return text == "max" ? -1 : ParseInt<std::int64_t>(text);
}

// systemd writes what it has a name for again at each reload, so it has to know these values too.
// Source: systemd.resource-control(5); runtime-spec config-linux.md, "unified".
Status AddUnified(const spec::StringMap& unified, std::vector<std::string>& out) {
  static constexpr std::pair<std::string_view, std::string_view> kNumbers[] = {
      {"memory.min", "MemoryMin"},   {"memory.low", "MemoryLow"},
      {"memory.high", "MemoryHigh"}, {"memory.max", "MemoryMax"},
      {"pids.max", "TasksMax"},      {"memory.swap.max", "MemorySwapMax"},
      {"cpu.weight", "CPUWeight"}};
  for (const auto& [file, name] : kNumbers) {
    const auto found = unified.find(std::string(file));
    if (found == unified.end()) continue;
    if (const auto value = UnifiedValue(found->second)) out.push_back(Limit(name, *value));
  }
  spec::CpuResources cpu;
  if (const auto max = unified.find("cpu.max"); max != unified.end()) {
    const auto words = Split(max->second, ' ');
    cpu.quota_us = UnifiedValue(words.front());
    if (words.size() > 1) cpu.period_us = ParseInt<std::uint64_t>(words[1]);
  }
  if (const auto cpus = unified.find("cpuset.cpus"); cpus != unified.end()) cpu.cpus = cpus->second;
  if (const auto mems = unified.find("cpuset.mems"); mems != unified.end()) cpu.mems = mems->second;
  return AddCpu(cpu, true, out);
}

// "char-pts" for 136: the group's name in /proc/devices, under "Character devices:" or "Block".
std::string GroupOf(std::string_view proc_devices, char type, std::uint32_t major) {
  bool in_section = false;
  for (const auto line : Split(proc_devices, '\n')) {
    if (line.find(':') != line.npos) in_section = line.front() == (type == 'b' ? 'B' : 'C');
    const auto text = Trim(line);
    const auto space = text.find(' ');
    if (in_section && space != text.npos && ParseInt<std::uint32_t>(text.substr(0, space)) == major)
      return StrCat(type == 'b' ? "block-" : "char-", text.substr(space + 1));
  }
  return {};
}

// What systemd is to allow, so that its reload does not open every device. Its language is poorer
// than the container's rules, which stand beside it and have to allow too.
Result<std::string> DeviceAllow(const std::vector<DeviceRule>& rules,
                                std::string_view proc_devices) {
  std::string list;
  for (const DeviceRule& rule : rules) {
    if (!rule.allow) continue;
    std::string node;
    const char* const kind = rule.type == 'b' ? "block" : "char";
    if (rule.major && rule.minor) {
      node = StrCat("/dev/", kind, "/", *rule.major, ":", *rule.minor);
    } else if (rule.major) {
      node = GroupOf(proc_devices, rule.type, *rule.major);
    } else {
      node = StrCat(kind, "-*");
    }
    if (node.empty()) continue;
    const std::string line = V1Line(rule);
    list += StrCat(list.empty() ? "" : ";", node, " ", line.substr(line.rfind(' ') + 1));
  }
  return list;
}

}  // namespace

std::vector<std::string> StartProperties(const Record& record) {
  std::vector<std::string> out{
      StrCat("Description=s:caisson container ", record.systemd_unit),
      "DefaultDependencies=b:false",
      "MemoryAccounting=b:true",
      "CPUAccounting=b:true",
      "TasksAccounting=b:true",
      record.V2() != nullptr && record.directories.size() == 1 ? "IOAccounting=b:true"
                                                               : "BlockIOAccounting=b:true",
      "CollectMode=s:inactive-or-failed",
  };
  if (IsSlice(record)) {
    out.push_back(StrCat("Wants=as:", record.systemd_slice));
  } else {
    out.push_back(StrCat("Slice=s:", record.systemd_slice));
    out.push_back("Delegate=b:true");
  }
  return out;
}

Result<std::vector<std::string>> ResourceProperties(const Record& record,
                                                    const spec::Resources& resources,
                                                    std::string_view proc_devices) {
  const bool v2 = record.V2() != nullptr && record.directories.size() == 1;
  std::vector<std::string> out;
  if (resources.memory) AddMemory(*resources.memory, v2, out);
  if (resources.cpu) CAISSON_TRY(AddCpu(*resources.cpu, v2, out));
  if (resources.pids && resources.pids->limit) {
    const std::int64_t limit = *resources.pids->limit;
    out.push_back(Limit("TasksMax", limit == 0 ? 1 : limit));
  }
  if (v2) CAISSON_TRY(AddUnified(resources.unified, out), "linux.resources.unified");
  if (!resources.devices.empty()) {
    CAISSON_ASSIGN(const std::vector<DeviceRule> rules, EffectiveRules(resources.devices));
    if (AllowAll(rules)) {
      out.push_back("DevicePolicy=s:auto");
    } else {
      CAISSON_ASSIGN(const std::string list, DeviceAllow(rules, proc_devices));
      out.push_back("DevicePolicy=s:strict");
      out.push_back(StrCat("DeviceAllow=a(ss):", list));
    }
  }
  return out;
}

Status StartUnit(const Record& record, pid_t host_pid, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"start", record.systemd_unit};
  // A slice holds no process itself; it is joined by a write.
  if (!IsSlice(record)) arguments.push_back(StrCat("PIDs=au:", host_pid));
  for (std::string& property : StartProperties(record)) arguments.push_back(std::move(property));
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunHelper(record, std::move(arguments));
}

Status AttachProcess(const Record& record, pid_t host_pid) {
  return RunHelper(record, {"attach", record.systemd_unit, StrCat(host_pid)});
}

Status SetProperties(const Record& record, const spec::Resources& resources) {
  const auto proc_devices = ReadControl("/proc/devices");
  CAISSON_ASSIGN(std::vector<std::string> properties,
                 ResourceProperties(record, resources, proc_devices ? *proc_devices : ""));
  if (properties.empty()) return Ok();
  std::vector<std::string> arguments{"set", record.systemd_unit};
  for (std::string& property : properties) arguments.push_back(std::move(property));
  return RunHelper(record, std::move(arguments));
}

Result<std::string> UserManagerCgroup() {
  auto path = AskHelper(true, {"cgroup", "-"});
  if (path) return std::string(Trim(*path));
  Error error = std::move(path).error();
  if (error.code() == Code::kNotFound) return error;
  return std::move(error)
      .Wrap("the user's systemd")
      .Hint("log in through PAM, so that a user manager runs, or set XDG_RUNTIME_DIR");
}

Status StopUnit(const Record& record) { return RunHelper(record, {"stop", record.systemd_unit}); }

}  // namespace caisson::cgroup::systemd
