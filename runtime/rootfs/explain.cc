// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/plan_impl.h"
#include "runtime/rootfs/source_tree.h"

namespace caisson::rootfs {
namespace {

// What a call acted on, in the user's terms.
struct Subject {
  std::string source;  // a host path, or the file system's type
  std::string target;  // a container path
  const MountStep* mount = nullptr;
};

std::string OptionText(const MountStep& step, std::size_t i) {
  if (i >= step.option_count) return "options";
  const FsOption& option = step.options[i];
  return option.value == nullptr ? option.key : StrCat(option.key, "=", option.value);
}

Error OfOption(const MountStep& step, std::size_t i, int error) {
  const std::string text = OptionText(step, i);
  Error out = SysError("fsconfig", text, error);
  if (error != EINVAL) return out;
  if (text.starts_with("context="))
    return std::move(out).Hint("correct linux.mountLabel: the loaded policy does not know it");
  if (text.starts_with("gid=") || text.starts_with("uid="))
    return std::move(out).Hint("map its id in the user namespace, or drop the option");
  return std::move(out).Hint(StrCat("check that ",
                                    step.fs_type == nullptr ? "the file system" : step.fs_type,
                                    " of this kernel knows the option and its value"));
}

Error OfFilesystem(const char* call, const Subject& subject, int error, bool user_namespace) {
  Error out = SysError(call, subject.source, error);
  if (error == ENODEV)
    return std::move(out).Hint("load the file system's kernel module, or correct the mount's type");
  // Before Linux 6.13 some file systems look at their options only now.
  if (error == EINVAL && user_namespace && subject.source == "devpts")
    return std::move(out).Hint("map its gid= in the user namespace, or drop the option");
  if (error == EINVAL)
    return std::move(out).Hint("check the mount's options against what this kernel knows");
  if (error != EPERM || !user_namespace) return out;
  if (subject.source == "proc")
    return std::move(out).Hint(
        "give the container its own pid namespace, and run where no part of /proc is covered");
  if (subject.source == "sysfs")
    return std::move(out).Hint("give the container its own network namespace");
  if (subject.source == "mqueue")
    return std::move(out).Hint("give the container its own ipc namespace, or bind /dev/mqueue");
  return out;
}

Error OfTarget(const char* call, const Subject& subject, int error) {
  Error out = SysError(call, subject.target, error);
  if (error == EROFS)
    return std::move(out).Hint("create the mount point in the read-only file system beforehand");
  if (error == ENOTDIR)
    return std::move(out).Hint("make every part of the destination a directory in the image");
  return out;
}

Error OfNode(const Subject& subject, int error) {
  if (error == ENODEV)
    return Error(Code::kNotFound,
                 StrCat("the host's node \"", subject.source, "\" is another device"), error);
  return Error(Code::kAlreadyExists,
               StrCat("the image has something else at \"", subject.target, "\""), error)
      .Hint("remove it from the image, or mount a tmpfs on /dev");
}

Error OfRoot(Call call, const std::string& path, int error) {
  if (call == Call::kPivotRoot) {
    Error out = SysError("pivot_root", path, error);
    if (error != EINVAL) return out;
    return std::move(out).Hint("use --no-pivot where the host's root is an initial ramfs");
  }
  if (call == Call::kAttach) return SysError("move_mount", path, error);
  return SysError("mount_setattr", path, error);
}

// A source in the container's own root, which earlier mounts and the image's links are part of.
Error OfSourceInRoot(const Subject& subject, int error) {
  Error out = SysError("open in the root", subject.source, error);
  if (error == ENOENT)
    return std::move(out).Hint("create the source in the image, or by a mount before this one");
  if (error == ELOOP)
    return std::move(out).Hint("name a path without a link of /proc or a circle of links in it");
  return out;
}

Error OfCall(Call call, const Subject& subject, int error, bool user_namespace) {
  switch (call) {
    case Call::kOpenTree:
      if (subject.mount != nullptr && subject.mount->in_root) return OfSourceInRoot(subject, error);
      return SourceError(subject.source, error);
    case Call::kSetAttributes:
      return error == EPERM
                 ? SysError("mount_setattr", subject.target, error)
                       .Hint("keep the source's own flags: they are locked in a user namespace")
                 : SysError("mount_setattr", subject.target, error);
    case Call::kOpenTarget: return OfTarget("openat2", subject, error);
    case Call::kMakeDirectory: return OfTarget("mkdir", subject, error);
    case Call::kMakeFile: return OfTarget("create", subject, error);
    case Call::kTargetInProc:
      return Error(Code::kDenied,
                   StrCat("\"", subject.target, "\" leads into /proc through a symlink"), error)
          .Hint("remove the symlink from the image");
    case Call::kTargetNoDirectory:
      return Error(Code::kDenied,
                   StrCat("\"", subject.target,
                          "\" must be mounted on ordinary directory, not on a symlink"),
                   error)
          .Hint("replace the symlink in the image by an empty directory");
    case Call::kNotProcfs:
      return Error(Code::kInvalidSpec, "only a procfs may lie on \"/proc\"", error);
    case Call::kFsOpen: return OfFilesystem("fsopen", subject, error, user_namespace);
    case Call::kFsMake: return OfFilesystem("fsconfig create", subject, error, user_namespace);
    case Call::kFsMount: return OfFilesystem("fsmount", subject, error, user_namespace);
    case Call::kFsPick: return SysError("fspick", subject.target, error);
    case Call::kReconfigure: return SysError("fsconfig reconfigure", subject.target, error);
    case Call::kAttach: return OfTarget("move_mount", subject, error);
    case Call::kMakeNode: return OfTarget("mknod", subject, error);
    case Call::kNodeDiffers: return OfNode(subject, error);
    case Call::kOwner: return SysError("chown", subject.target, error);
    case Call::kMakeLink: return SysError("symlink", subject.target, error);
    case Call::kStat: return SysError("fstat", subject.source, error);
    case Call::kMapIds: return SysError("ask to map ids", subject.source, error);
    case Call::kCopyUp: return SysError("copy up", subject.target, error);
    case Call::kNoNull:
      return Error(Code::kUnsupported, "the host's \"/dev/null\" is not the null device", error)
          .Hint("make it again: mknod -m 666 /dev/null c 1 3");
    case Call::kPropagation: return SysError("mount_setattr propagation", subject.target, error);
    case Call::kChangeDirectory: return SysError("fchdir", subject.target, error);
    case Call::kUnmountOld: return SysError("umount", "the host's root", error);
    case Call::kChangeRoot: return SysError("chroot", subject.target, error);
    case Call::kReadMountTable: return SysError("umount", "the host's proc and sys", error);
    default: break;
  }
  if (subject.mount != nullptr && call >= Call::kOption)
    return OfOption(*subject.mount,
                    static_cast<std::size_t>(call) - static_cast<std::size_t>(Call::kOption),
                    error);
  return Error(Code::kInternal, "rootfs: a failure without a call", error);
}

std::string Text(const char* text) { return text == nullptr ? "?" : text; }

}  // namespace

Error RootfsPlan::Explain(const StepFailure& failure) const {
  const std::size_t index = IndexOf(failure.item);
  const Call call = CallOf(failure.item);
  const int error = failure.sys_errno;
  const bool user_namespace = impl_->user_namespace;
  switch (PartOf(failure.item)) {
    case Part::kMount: {
      if (index >= impl_->mounts.size()) break;
      const MountStep& step = impl_->mounts[index];
      const std::string source = Text(step.fs_type != nullptr ? step.fs_type : step.source);
      const Subject subject{step.in_root ? StrCat(impl_->root_shown_as, "/", source) : source,
                            Text(step.place.shown_as), &step};
      return OfCall(call, subject, error, user_namespace)
          .Wrap(impl_->mount_names.at(step.config_index));
    }
    case Part::kDevice: {
      if (index >= impl_->devices.size()) break;
      const DeviceStep& step = impl_->devices[index];
      const Subject subject{Text(step.source), Text(step.place.shown_as)};
      return OfCall(call, subject, error, user_namespace)
          .Wrap(StrCat("device \"", step.place.shown_as, "\""));
    }
    case Part::kLink: {
      if (index >= impl_->links.size()) break;
      const LinkStep& step = impl_->links[index];
      return OfCall(call, {Text(step.text), Text(step.place.shown_as)}, error, user_namespace);
    }
    case Part::kMasked:
    case Part::kReadonly: {
      const bool masked = PartOf(failure.item) == Part::kMasked;
      const auto& list = masked ? impl_->masked : impl_->readonly;
      if (index >= list.size()) break;
      const char* const path = list[index].place.shown_as;
      return OfCall(call, {masked ? "tmpfs" : path, path}, error, user_namespace)
          .Wrap(StrCat(masked ? "masked path \"" : "read-only path \"", path, "\""));
    }
    case Part::kNull: return OfCall(call, {"/dev/null", "/dev/null"}, error, user_namespace);
    case Part::kRoot: {
      const std::string& path = impl_->root_shown_as;
      if (call == Call::kMakeDirectory || call == Call::kOpenTarget)
        return OfTarget("create", {"", StrCat("/", Text(impl_->view.work_dir))}, error)
            .Wrap("process.cwd");
      if (call == Call::kPivotRoot || call == Call::kAttach || call == Call::kSetAttributes)
        return OfRoot(call, path, error).Wrap("root");
      return OfCall(call, {path, path}, error, user_namespace).Wrap("root");
    }
  }
  return Error(Code::kInternal, StrCat("rootfs: item ", failure.item, " is no step"), error);
}

}  // namespace caisson::rootfs
