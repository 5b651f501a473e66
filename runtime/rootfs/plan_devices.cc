// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/plan_devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/rootfs/place.h"

namespace caisson::rootfs {
namespace {

struct DefaultDevice {
  const char* path;
  unsigned major;
  unsigned minor;
};
constexpr DefaultDevice kDefaultDevices[] = {{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},
                                             {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
                                             {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

struct DefaultLink {
  const char* path;
  const char* text;
};
constexpr DefaultLink kDefaultLinks[] = {{"/dev/fd", "/proc/self/fd"},
                                         {"/dev/stdin", "/proc/self/fd/0"},
                                         {"/dev/stdout", "/proc/self/fd/1"},
                                         {"/dev/stderr", "/proc/self/fd/2"},
                                         {"/dev/ptmx", "pts/ptmx"}};

bool DevIsBound(const PlanImpl& plan) {
  return std::any_of(plan.mounts.begin(), plan.mounts.end(), [](const MountStep& step) {
    return step.kind == MountKind::kTree && std::string_view(step.place.target) == "dev";
  });
}

Result<mode_t> TypeOf(const spec::Device& device) {
  switch (device.type) {
    case 'c':
    case 'u': return S_IFCHR;
    case 'b': return S_IFBLK;
    case 'p': return S_IFIFO;
    default:
      return Error(Code::kInvalidSpec, StrCat("type: \"", device.type, "\" is none of c, b, p"));
  }
}

// In a user namespace nobody may make device nodes; the host's own are attached.
Status UseHostNode(Planner& planner, DeviceStep& step, const std::string& host_path) {
  step.bind = true;
  step.source = planner.plan.Keep(host_path);
  if (planner.context.rootless) return Ok();
  CAISSON_ASSIGN(UniqueFd tree, OpenSourceTree(host_path, false));
  step.tree_fd = planner.plan.Keep(std::move(tree));
  return Ok();
}

Status AddDevice(Planner& planner, DeviceStep step, const std::string& path) {
  step.place = MakePlace(planner.plan, path);
  const bool node = !S_ISFIFO(step.mode);
  if (node && planner.context.user_namespace) CAISSON_TRY(UseHostNode(planner, step, path));
  planner.plan.devices.push_back(step);
  return Ok();
}

Status AddConfigured(Planner& planner, const spec::Device& device) {
  CAISSON_ASSIGN(const mode_t type, TypeOf(device));
  if (FromRoot(device.path) == "." || IsWithin(FromRoot(device.path), "proc"))
    return Error(Code::kInvalidSpec, StrCat("path: \"", device.path, "\" cannot be a device"));
  DeviceStep step;
  constexpr mode_t kPermissions = 07777;
  step.mode = type | (device.file_mode.value_or(0666) & kPermissions);
  if (type != S_IFIFO)
    step.rdev = makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
  step.uid = device.uid.value_or(0);
  step.gid = device.gid.value_or(0);
  return AddDevice(planner, step, device.path);
}

bool IsConfigured(const spec::Config& config, std::string_view path) {
  const auto& devices = config.linux.devices;
  return std::any_of(devices.begin(), devices.end(), [&](const spec::Device& device) {
    return FromRoot(device.path) == FromRoot(path);
  });
}

void AddLink(PlanImpl& plan, const char* path, const char* text) {
  LinkStep step;
  step.place = MakePlace(plan, path);
  step.text = text;
  plan.links.push_back(step);
}

}  // namespace

Status PlanDevices(Planner& planner) {
  if (DevIsBound(planner.plan)) return Ok();
  const auto& devices = planner.config.linux.devices;
  for (std::size_t i = 0; i < devices.size(); ++i)
    CAISSON_TRY(AddConfigured(planner, devices[i]), "linux.devices[", i, "]");
  for (const DefaultDevice& device : kDefaultDevices) {
    if (IsConfigured(planner.config, device.path)) continue;
    DeviceStep step;
    step.mode = S_IFCHR | 0666;
    step.rdev = makedev(device.major, device.minor);
    CAISSON_TRY(AddDevice(planner, step, device.path), "default device \"", device.path, "\"");
  }
  for (const DefaultLink& link : kDefaultLinks) AddLink(planner.plan, link.path, link.text);
  if (::access("/proc/kcore", F_OK) == 0) AddLink(planner.plan, "/dev/core", "/proc/kcore");
  return Ok();
}

}  // namespace caisson::rootfs
