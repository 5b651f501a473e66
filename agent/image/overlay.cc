// SPDX-License-Identifier: Apache-2.0
#include "agent/image/overlay.h"

#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "agent/image/own_cwd.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

// fsconfig(2) takes values of at most this many bytes.
constexpr std::size_t kMaxValue = 255;

// What the kernel wrote about the last failure: "e overlay: No changes allowed in ...".
std::string KernelWords(const UniqueFd& context) {
  std::array<char, 512> text{};
  const ssize_t got = ::read(context.get(), text.data(), text.size());
  if (got <= 0) return std::string();
  std::string_view line = Trim({text.data(), static_cast<std::size_t>(got)});
  if (line.size() > 2 && line[1] == ' ') line.remove_prefix(2);
  return StrCat(" [", line, "]");
}

Error Failed(const UniqueFd& context, std::string_view call, std::string_view operand) {
  const int err = errno;
  Error error = SysError(call, operand, err);
  const std::string words = KernelWords(context);
  if (words.empty()) return error;
  return Error(error.code(), StrCat(error.message(), words), err);
}

Status Set(const UniqueFd& context, const char* key, const std::string& value) {
  if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) < 0)
    return Failed(context, StrCat("fsconfig ", key), value);
  return Ok();
}

Result<UniqueFd> OpenContext() {
  UniqueFd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (context.valid()) return context;
  const bool missing = errno == ENODEV;
  Error error = SysError("fsopen", "overlay");
  if (!missing) return error;
  return Error(Code::kUnsupported, error.message(), ENODEV).Hint("load the module overlay");
}

Status SetCommon(const UniqueFd& context, const OverlayPlan& plan) {
  // Several containers have the same lower layers, and their upper ones are used one after another.
  CAISSON_TRY(Set(context, "index", "off"));
  if (!plan.portable_upper) return Ok();
  CAISSON_TRY(Set(context, "redirect_dir", "off"));
  return Set(context, "metacopy", "off");
}

Result<UniqueFd> Finish(const UniqueFd& context) {
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    return Failed(context, "create mount", "overlay");
  UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mount.valid()) return Failed(context, "fsmount", "overlay");
  return mount;
}

// Absent when the kernel does not know "lowerdir+" (it came with 6.7).
Result<std::optional<UniqueFd>> MountByLayers(const OverlayPlan& plan) {
  CAISSON_ASSIGN(const UniqueFd context, OpenContext());
  CAISSON_TRY(SetCommon(context, plan));
  for (auto layer = plan.lower.rbegin(); layer != plan.lower.rend(); ++layer) {
    Status set = Set(context, "lowerdir+", *layer);
    const bool unknown = !set && set.error().sys_errno() == EINVAL;
    if (unknown && layer == plan.lower.rbegin()) return std::optional<UniqueFd>();
    CAISSON_TRY(std::move(set));
  }
  CAISSON_TRY(Set(context, "upperdir", plan.upper));
  CAISSON_TRY(Set(context, "workdir", plan.work));
  CAISSON_ASSIGN(UniqueFd mount, Finish(context));
  return std::optional<UniqueFd>(std::move(mount));
}

Result<UniqueFd> MountByNumbers(const OverlayPlan& plan, const std::string& lower,
                                const std::string& upper, const std::string& work) {
  CAISSON_ASSIGN(const UniqueFd context, OpenContext());
  CAISSON_TRY(SetCommon(context, plan));
  CAISSON_TRY(Set(context, "lowerdir", lower));
  CAISSON_TRY(Set(context, "upperdir", upper));
  CAISSON_TRY(Set(context, "workdir", work));
  return Finish(context);
}

// The directories by the numbers of descriptors, seen from /proc/self/fd: so 50 layers and more fit
// into 255 bytes.
Result<UniqueFd> MountByString(const OverlayPlan& plan) {
  std::vector<UniqueFd> held;
  const auto number = [&](const std::string& path) -> Result<std::string> {
    CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_PATH | O_DIRECTORY));
    held.push_back(std::move(fd));
    return StrCat(held.back().get());
  };
  std::string lower;
  for (auto layer = plan.lower.rbegin(); layer != plan.lower.rend(); ++layer) {
    CAISSON_ASSIGN(const std::string digits, number(*layer));
    lower += StrCat(lower.empty() ? "" : ":", digits);
  }
  if (lower.size() > kMaxValue)
    return Error(Code::kUnsupported,
                 StrCat("overlay of ", plan.lower.size(), " layers: this kernel takes fewer"))
        .Hint("use Linux 6.7 or later, or an image with fewer layers");
  CAISSON_ASSIGN(const std::string upper, number(plan.upper));
  CAISSON_ASSIGN(const std::string work, number(plan.work));

  return WithOwnCwd([&]() -> Result<UniqueFd> {
    if (::chdir("/proc/self/fd") < 0) return SysError("chdir", "/proc/self/fd");
    return MountByNumbers(plan, lower, upper, work);
  });
}

}  // namespace

Result<UniqueFd> MountOverlay(const OverlayPlan& plan, OverlayWay way) {
  bool by_layers = way == OverlayWay::kProbe;
  for (const std::string& path : plan.lower) by_layers = by_layers && path.size() <= kMaxValue;
  if (by_layers && plan.upper.size() <= kMaxValue) {
    CAISSON_ASSIGN(auto mount, MountByLayers(plan));
    if (mount) return *std::move(mount);
  }
  return MountByString(plan);
}

}  // namespace caisson::image
