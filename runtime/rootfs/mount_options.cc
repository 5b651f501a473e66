// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/mount_options.h"

#include <sys/mount.h>

#include <algorithm>

namespace caisson::rootfs {
namespace {

enum class Effect : std::uint8_t {
  kNothing,  // accepted: the kernel's default, of no effect any more, or for mount(8) alone
  kAttribute,
  kPropagation,
  kSuperblock,  // passed on as a flag of the file system
  kSuperblockOff,
  kBind,
  kRecursiveBind,
  kRemount,
  kCopyUp,
  kIdMap,
  kRecursiveIdMap,
};

struct Option {
  std::string_view name;
  Effect effect = Effect::kNothing;
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  bool below = false;
};

constexpr auto kAtime = MOUNT_ATTR__ATIME;
constexpr auto kAttr = Effect::kAttribute;
constexpr auto kProp = Effect::kPropagation;
constexpr auto kForUsers = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// How access times are kept is one field of three values, so that every one of its names replaces
// the whole field; "relatime" is its zero and the kernel's default.
constexpr Option kOptions[] = {
    {"_netdev", Effect::kNothing},
    {"acl", Effect::kNothing},
    {"async", Effect::kSuperblockOff},
    {"atime", kAttr, 0, kAtime},
    {"auto", Effect::kNothing},
    {"bind", Effect::kBind},
    {"defaults", Effect::kNothing},
    {"dev", kAttr, 0, MOUNT_ATTR_NODEV},
    {"diratime", kAttr, 0, MOUNT_ATTR_NODIRATIME},
    {"dirsync", Effect::kSuperblock},
    {"exec", kAttr, 0, MOUNT_ATTR_NOEXEC},
    {"group", kAttr, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
    {"idmap", Effect::kIdMap},
    {"iversion", Effect::kNothing},
    {"lazytime", Effect::kSuperblock},
    {"loud", Effect::kNothing},
    {"mand", Effect::kNothing},
    {"noacl", Effect::kNothing},
    {"noatime", kAttr, MOUNT_ATTR_NOATIME, kAtime},
    {"noauto", Effect::kNothing},
    {"nodev", kAttr, MOUNT_ATTR_NODEV},
    {"nodiratime", kAttr, MOUNT_ATTR_NODIRATIME},
    {"noexec", kAttr, MOUNT_ATTR_NOEXEC},
    {"nofail", Effect::kNothing},
    {"noiversion", Effect::kNothing},
    {"nolazytime", Effect::kSuperblockOff},
    {"nomand", Effect::kNothing},
    {"norelatime", kAttr, 0, kAtime},
    {"nostrictatime", kAttr, 0, kAtime},
    {"nosuid", kAttr, MOUNT_ATTR_NOSUID},
    {"nosymfollow", kAttr, MOUNT_ATTR_NOSYMFOLLOW},
    {"nouser", Effect::kNothing},
    {"owner", kAttr, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
    {"private", kProp, MS_PRIVATE},
    {"ratime", kAttr, 0, kAtime, true},
    {"rbind", Effect::kRecursiveBind},
    {"rdev", kAttr, 0, MOUNT_ATTR_NODEV, true},
    {"rdiratime", kAttr, 0, MOUNT_ATTR_NODIRATIME, true},
    {"relatime", kAttr, MOUNT_ATTR_RELATIME, kAtime},
    {"remount", Effect::kRemount},
    {"rexec", kAttr, 0, MOUNT_ATTR_NOEXEC, true},
    {"ridmap", Effect::kRecursiveIdMap},
    {"rnoatime", kAttr, MOUNT_ATTR_NOATIME, kAtime, true},
    {"rnodev", kAttr, MOUNT_ATTR_NODEV, 0, true},
    {"rnodiratime", kAttr, MOUNT_ATTR_NODIRATIME, 0, true},
    {"rnoexec", kAttr, MOUNT_ATTR_NOEXEC, 0, true},
    {"rnorelatime", kAttr, 0, kAtime, true},
    {"rnostrictatime", kAttr, 0, kAtime, true},
    {"rnosuid", kAttr, MOUNT_ATTR_NOSUID, 0, true},
    {"rnosymfollow", kAttr, MOUNT_ATTR_NOSYMFOLLOW, 0, true},
    {"ro", kAttr, MOUNT_ATTR_RDONLY},
    {"rprivate", kProp, MS_PRIVATE, 0, true},
    {"rrelatime", kAttr, MOUNT_ATTR_RELATIME, kAtime, true},
    {"rro", kAttr, MOUNT_ATTR_RDONLY, 0, true},
    {"rrw", kAttr, 0, MOUNT_ATTR_RDONLY, true},
    {"rshared", kProp, MS_SHARED, 0, true},
    {"rslave", kProp, MS_SLAVE, 0, true},
    {"rstrictatime", kAttr, MOUNT_ATTR_STRICTATIME, kAtime, true},
    {"rsuid", kAttr, 0, MOUNT_ATTR_NOSUID, true},
    {"rsymfollow", kAttr, 0, MOUNT_ATTR_NOSYMFOLLOW, true},
    {"runbindable", kProp, MS_UNBINDABLE, 0, true},
    {"rw", kAttr, 0, MOUNT_ATTR_RDONLY},
    {"shared", kProp, MS_SHARED},
    {"silent", Effect::kNothing},
    {"slave", kProp, MS_SLAVE},
    {"strictatime", kAttr, MOUNT_ATTR_STRICTATIME, kAtime},
    {"suid", kAttr, 0, MOUNT_ATTR_NOSUID},
    {"symfollow", kAttr, 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", Effect::kSuperblock},
    {"tmpcopyup", Effect::kCopyUp},
    {"unbindable", kProp, MS_UNBINDABLE},
    {"user", kAttr, kForUsers},
    {"users", kAttr, kForUsers},
};
static_assert(std::is_sorted(std::begin(kOptions), std::end(kOptions),
                             [](const Option& a, const Option& b) { return a.name < b.name; }));

const Option* Find(std::string_view name) {
  const auto* const found =
      std::lower_bound(std::begin(kOptions), std::end(kOptions), name,
                       [](const Option& option, std::string_view n) { return option.name < n; });
  return found != std::end(kOptions) && found->name == name ? found : nullptr;
}

// A field is both cleared and set; a single flag is only one of the two.
void Put(std::uint64_t& set, std::uint64_t& clear, const Option& option) {
  set = (set & ~option.clear) | option.set;
  clear = (clear & ~option.set) | option.clear;
  if ((option.clear & kAtime) != 0) clear |= kAtime;
}

// Whether it says how access times are to be kept, and not only how not ("atime", "norelatime").
bool NamesAccessTime(const Option& option) {
  return (option.set & (kAtime | MOUNT_ATTR_NODIRATIME)) != 0 || option.name == "relatime";
}

void PutPropagation(TreeAttributes& attributes, const Option& option) {
  attributes.propagation = option.below ? 0 : option.set;
  if (option.below) attributes.propagation_below = option.set;
}

void Take(MountOptions& out, const Option& option) {
  TreeAttributes& attributes = out.attributes;
  const auto drop = [&out](std::string_view name) { std::erase(out.superblock, name); };
  switch (option.effect) {
    case Effect::kNothing: return;
    case Effect::kAttribute:
      if (option.below) return Put(attributes.set_below, attributes.clear_below, option);
      out.names_flag = true;
      out.names_access_time |= NamesAccessTime(option);
      return Put(attributes.set, attributes.clear, option);
    case Effect::kPropagation: return PutPropagation(attributes, option);
    case Effect::kSuperblock:
      drop(option.name == "sync" ? "async" : StrCat("no", option.name));
      drop(option.name);
      out.superblock.emplace_back(option.name);
      return;
    case Effect::kSuperblockOff:
      drop(option.name == "async" ? "sync" : "lazytime");
      drop(option.name);
      out.superblock.emplace_back(option.name);
      return;
    case Effect::kBind: out.bind = true; return;
    case Effect::kRecursiveBind: out.bind = out.recursive_bind = true; return;
    case Effect::kRemount: out.remount = true; return;
    case Effect::kCopyUp: out.copy_up = true; return;
    case Effect::kIdMap: out.id_map = IdMapWish::kTop; return;
    case Effect::kRecursiveIdMap: out.id_map = IdMapWish::kBelow; return;
  }
}

}  // namespace

Result<MountOptions> ParseMountOptions(const std::vector<std::string>& options) {
  MountOptions out;
  for (const std::string& option : options) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (option.empty()) return Error(Code::kInvalidSpec, "options: an option is empty");
    if (std::any_of(option.begin(), option.end(), is_control))
      return Error(Code::kInvalidSpec, "options: an option has a control character");
    if (const Option* const known = Find(option)) {
      Take(out, *known);
    } else if (!option.starts_with("x-") && !option.starts_with("X-")) {
      out.data.push_back(option);
    }
  }
  return out;
}

std::vector<std::string_view> KnownMountOptions() {
  std::vector<std::string_view> names;
  for (const Option& option : kOptions) names.push_back(option.name);
  return names;
}

std::optional<Propagation> ParsePropagation(std::string_view name) {
  const Option* const option = Find(name);
  if (option == nullptr || option->effect != Effect::kPropagation) return std::nullopt;
  return Propagation{option->set, option->below};
}

}  // namespace caisson::rootfs
