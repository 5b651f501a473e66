// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/device_bpf.h"
#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/directory.h"
#include "runtime/cgroup/manager.h"
#include "runtime/cgroup/split.h"
#include "runtime/cgroup/systemd.h"

namespace caisson::cgroup {
namespace {

Error Contextual(const FileWrite& write, Error error) {
  return std::move(error).Wrap(StrCat(write.field, " (", write.file, " = ", write.value, ")"));
}

Error NoDirectory(const FileWrite& write, const Record& record) {
  const auto controller = ControllerOf(write);
  if (record.directories.empty())
    return Contextual(write, Error(Code::kDenied, "the container has no cgroup of its own", EACCES)
                                 .Hint("delegate a cgroup to this user, or leave the limit out"));
  return Contextual(
      write, Error(Code::kUnsupported, StrCat("controller \"", controller, "\" is not mounted"))
                 .Hint(StrCat("mount the cgroup v1 hierarchy of ", controller,
                              ", or leave the limit out")));
}

// ENOENT on v2 says either that nobody handed the controller down or that the kernel is too old.
Error ExplainMissing(const FileWrite& write, const Directory& directory) {
  const std::string controller(ControllerOf(write));
  if (directory.version == Version::kV2 && controller != "cgroup") {
    const auto enabled = ReadControl(directory.path + "/cgroup.controllers");
    const std::string list = enabled ? std::string(Trim(*enabled)) : std::string();
    std::string commas = list;
    std::replace(commas.begin(), commas.end(), ' ', ',');
    if (!ListHas(commas, controller))
      return Error(Code::kUnsupported, StrCat("controller \"", controller, "\" is not enabled"),
                   ENOENT)
          .Hint(StrCat("add +", controller, " to the parent's cgroup.subtree_control"));
  }
  return Error(Code::kUnsupported, StrCat("this kernel has no file \"", write.file, "\""), ENOENT);
}

Error Explain(const FileWrite& write, const Directory& directory, Error error) {
  const int err = error.sys_errno();
  if (err == ENOENT) return ExplainMissing(write, directory);
  if (err == EBUSY && write.file == "memory.limit_in_bytes") {
    const auto usage = ReadControl(directory.path + "/memory.usage_in_bytes");
    if (usage)
      return std::move(error).Hint(
          StrCat("choose a limit above the ", Trim(*usage), " bytes that are in use"));
  }
  if (ControllerOf(write) == "cpuset" && err != ENOENT) {
    const std::string parent = directory.path.substr(0, directory.path.rfind('/'));
    const std::string effective = directory.version == Version::kV2 ? ".effective" : "";
    const auto allowed = ReadControl(StrCat(parent, "/", write.file, effective));
    if (allowed)
      return std::move(error).Hint(
          StrCat("choose from \"", Trim(*allowed), "\", which is what the parent cgroup has"));
  }
  if (err == EACCES || err == EPERM)
    return std::move(error).Hint("run as root, or delegate the controller to this user");
  return error;
}

// v2 takes any limit and reclaims, then kills; the spec lets a configuration ask for a refusal.
Status CheckBeforeUpdate(const spec::Resources& resources, const Record& record) {
  const Directory* const v2 = record.V2();
  if (!resources.memory || !resources.memory->check_before_update.value_or(false) ||
      resources.memory->limit.value_or(-1) <= 0 || v2 == nullptr ||
      record.FindV1("memory") != nullptr)
    return Ok();
  const auto text = ReadControl(v2->path + "/memory.current");
  const auto usage = text ? ParseInt<std::int64_t>(Trim(*text)) : std::nullopt;
  if (!usage || *usage < *resources.memory->limit) return Ok();
  return Error(Code::kWrongState, StrCat("linux.resources.memory.limit: ", *resources.memory->limit,
                                         " is below the ", *usage, " bytes that are in use"))
      .Hint("choose a higher limit, or leave checkBeforeUpdate out");
}

// A period alone must not lift the quota that is in force.
void KeepQuota(std::vector<FileWrite>& writes, const Record& record) {
  const Directory* const v2 = record.V2();
  for (FileWrite& write : writes) {
    if (write.file != "cpu.max" || write.value.substr(0, 4) != "max " ||
        write.field != "linux.resources.cpu.period" || v2 == nullptr)
      continue;
    const auto now = ReadControl(v2->path + "/cpu.max");
    if (now) write.value.replace(0, 3, now->substr(0, now->find(' ')));
  }
}

}  // namespace

Status Manager::Apply(const spec::Resources& resources, ApplyFor purpose,
                      std::vector<std::string>* warnings) const {
  auto [for_v1, for_v2] = SplitByVersion(resources, record_);
  CAISSON_ASSIGN(const Translation v1, TranslateV1(for_v1));
  CAISSON_ASSIGN(Translation v2, TranslateV2(for_v2));
  if (warnings != nullptr) {
    warnings->insert(warnings->end(), v1.warnings.begin(), v1.warnings.end());
    warnings->insert(warnings->end(), v2.warnings.begin(), v2.warnings.end());
  }
  if (purpose == ApplyFor::kUpdate) {
    CAISSON_TRY(CheckBeforeUpdate(resources, record_));
    KeepQuota(v2.writes, record_);
  }
  if (record_.driver == Driver::kSystemd) CAISSON_TRY(systemd::SetProperties(record_, resources));
  CAISSON_TRY(WriteAll(v1.writes, Version::kV1));
  CAISSON_TRY(WriteAll(v2.writes, Version::kV2));
  if (purpose == ApplyFor::kCreate) CAISSON_TRY(ApplyDevices(resources));
  return Ok();
}

// The kernel refuses a value that contradicts another one for as long as that stands (a limit above
// the old memsw, a burst above the old quota), so what is invalid at first is tried again last.
Status Manager::WriteAll(const std::vector<FileWrite>& writes, Version version) const {
  std::vector<const FileWrite*> again;
  for (const FileWrite& write : writes) {
    Status done = WriteOne(write, version);
    if (done) continue;
    if (done.error().sys_errno() != EINVAL || writes.size() == 1) return done;
    again.push_back(&write);
  }
  for (const FileWrite* const write : again) CAISSON_TRY(WriteOne(*write, version));
  return Ok();
}

Status Manager::WriteOne(const FileWrite& write, Version version) const {
  const Directory* const directory =
      version == Version::kV2 ? record_.V2() : record_.FindV1(ControllerOf(write));
  if (directory == nullptr) return NoDirectory(write, record_);
  const auto put = [&](const std::string& file, const std::string& value) {
    return WriteFileAt(kCwd, StrCat(directory->path, "/", file), value);
  };
  Status done = put(write.file, write.value);
  const auto is_missing = [&] { return !done && done.error().sys_errno() == ENOENT; };
  if (is_missing() && write.optional) return Ok();
  if (is_missing() && !write.other_file.empty()) done = put(write.other_file, write.other_value);
  if (is_missing() && version == Version::kV2) {
    EnableControllers(*directory, ControllerOf(write));
    done = put(write.file, write.value);
    if (is_missing() && !write.other_file.empty()) done = put(write.other_file, write.other_value);
  }
  if (done) return done;
  return Contextual(write, Explain(write, *directory, std::move(done).error()));
}

Status Manager::ApplyDevices(const spec::Resources& resources) const {
  CAISSON_ASSIGN(const std::vector<DeviceRule> rules, EffectiveRules(resources.devices));
  if (const Directory* const v1 = record_.FindV1("devices")) {
    // A new cgroup has its parent's rules and cannot have more. Device rules are root's; in a user
    // namespace the kernel forbids device nodes anyway.
    if (AllowAll(rules) || record_.rootless) return Ok();
    FdBatch batch;
    int files[2] = {-1, -1};
    for (const DeviceRule& rule : rules) {
      const char* const name = rule.allow ? "/devices.allow" : "/devices.deny";
      int& file = files[rule.allow ? 1 : 0];
      if (file < 0) {
        CAISSON_ASSIGN(UniqueFd opened, OpenAt(kCwd, v1->path + name, O_WRONLY));
        file = batch.Keep(std::move(opened));
      }
      const std::string line = V1Line(rule);
      CAISSON_TRY(caisson::WriteAll(FdView::Raw(file), line, StrCat(v1->path, name)),
                  rule.field.empty() ? "default device rules" : rule.field, " (", name + 1, " = ",
                  line, ")");
    }
    return Ok();
  }
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr || AllowAll(rules)) return Ok();
  const auto attach = [&]() -> Status {
    CAISSON_ASSIGN(const UniqueFd program, LoadDeviceProgram(BuildDeviceProgram(rules)));
    CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, v2->path, O_RDONLY | O_DIRECTORY));
    return AttachDeviceProgram(dir, program, is_new_ ? Attach::kFirst : Attach::kReplace);
  };
  Status done = attach();
  if (!done && record_.rootless && done.error().code() == Code::kDenied) return Ok();
  CAISSON_TRY(std::move(done), "linux.resources.devices");
  return Ok();
}

}  // namespace caisson::cgroup
