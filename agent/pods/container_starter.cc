// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/container_starter.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "agent/image/reference.h"
#include "agent/image/user.h"
#include "agent/pods/volume_sources.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/rollback.h"
#include "runtime/spec/config.h"

namespace caisson::pods {
namespace {

constexpr std::chrono::seconds kCreateLimit{60};
constexpr std::chrono::seconds kRemoveLimit{20};
constexpr std::size_t kMaxMessageBytes = 4096;

Result<std::string> NewContainerId() {
  std::array<unsigned char, 32> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return SysError("getrandom", "container id");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 15]);
  }
  return id;
}

// The steps of one start, in order; each leaves its undo in `undo_`.
class Starter {
 public:
  Starter(Node& node, const pod_spec::Pod& pod, const Sandbox& sandbox,
          const pod_spec::Container& container, const ContainerRecord& record)
      : node_(node), pod_(pod), sandbox_(sandbox), container_(container), record_(record) {}

  std::variant<Started, StartError> Run() {
    if (Status done = FindImage(); !done) return Failed(StartStep::kImage, done.error());
    if (Status done = MakeRoot(); !done) return Failed(StartStep::kCreate, done.error());
    if (Status done = Configure(); !done) return Failed(StartStep::kConfig, done.error());
    if (Status done = WriteBundle(); !done) return Failed(StartStep::kCreate, done.error());
    auto started = Launch();
    if (!started) return Failed(StartStep::kRun, started.error());
    undo_.Disarm();
    return std::move(*started);
  }

 private:
  StartError Failed(StartStep step, const Error& error) const {
    return {.step = step,
            .reason = Reason(step, error),
            .message = error.ToString(),
            .container_id = id_};
  }

  std::string Reason(StartStep step, const Error& error) const {
    switch (step) {
      case StartStep::kImage:
        if (error.code() == Code::kInvalidSpec) return "InvalidImageName";
        return container_.image_pull_policy == pod_spec::PullPolicy::kNever ? "ErrImageNeverPull"
                                                                            : "ErrImagePull";
      case StartStep::kConfig: return "CreateContainerConfigError";
      case StartStep::kCreate: return "CreateContainerError";
      case StartStep::kRun: return "RunContainerError";
    }
    return "CreateContainerError";
  }

  Status FindImage() {
    CAISSON_TRY(image::ParseReference(container_.image));
    auto found = node_.images.Find(container_.image);
    if (!found && found.error().code() == Code::kNotFound)
      return Error(Code::kNotFound, StrCat("image \"", container_.image, "\" is not on this node"))
          .Hint("import it with `podctl image import`");
    if (!found) return std::move(found).error();
    image_ = std::move(*found);
    CAISSON_ASSIGN(id_, NewContainerId());
    return Ok();
  }

  Status MakeRoot() {
    CAISSON_TRY(node_.images.PrepareSnapshot(id_, image_.id), "root filesystem");
    undo_.Add([this] { (void)node_.images.RemoveSnapshot(id_); });
    CAISSON_ASSIGN(root_, node_.images.MountSnapshot(id_), "root filesystem");
    // Before the mount goes the snapshot cannot.
    undo_.Add([this] { root_.Reset(); });
    return Ok();
  }

  Status Configure() {
    const std::string name = bundle::UserToResolve(pod_.spec, container_, image_.config.user);
    CAISSON_ASSIGN(image::ResolvedUser user, image::ResolveUser(root_, name), "user \"", name,
                   "\"");
    bundle::BundleRequest request{.pod = pod_,
                                  .container = container_,
                                  .container_id = id_,
                                  .image = {.entrypoint = image_.config.entrypoint,
                                            .cmd = image_.config.cmd,
                                            .env = image_.config.env,
                                            .working_dir = image_.config.working_dir,
                                            .user = image_.config.user},
                                  .facts = sandbox_.facts(),
                                  .files = sandbox_.FilesOf(pod_, id_),
                                  .volumes = sandbox_.VolumeSources(pod_),
                                  .user = {.uid = user.uid,
                                           .gid = user.gid,
                                           .additional_gids = std::move(user.additional_gids),
                                           .home = std::move(user.home)},
                                  .lookup = LookupIn(node_.store, pod_.metadata.namespace_),
                                  .localhost_seccomp = {}};
    CAISSON_ASSIGN(request.localhost_seccomp, ReadLocalhostSeccomp());
    CAISSON_ASSIGN(bundle_, bundle::MakeBundle(request));
    return Ok();
  }

  Result<std::string> ReadLocalhostSeccomp() const {
    const auto& own = container_.security_context.seccomp_profile;
    const auto& asked = own ? own : pod_.spec.security_context.seccomp_profile;
    if (!asked || asked->type != "Localhost") return std::string();
    CAISSON_ASSIGN(const UniqueFd folder,
                   OpenAt(kCwd, StrCat(node_.config.data_dir, "/seccomp"), O_PATH | O_DIRECTORY));
    CAISSON_ASSIGN(const UniqueFd file, OpenInRoot(folder, asked->localhost_profile, O_RDONLY));
    return ReadFd(file, asked->localhost_profile);
  }

  Status WriteBundle() {
    for (const bundle::TreeMount& tree : bundle_.trees) {
      CAISSON_ASSIGN(UniqueFd fd, sandbox_.OpenVolume(tree.volume, tree.sub_path), "volume \"",
                     tree.volume, "\"");
      trees_.emplace_back(static_cast<std::uint32_t>(tree.mount_index), std::move(fd));
    }
    const std::string folder = sandbox_.paths().ContainerDir(id_);
    undo_.Add([folder] { (void)RemoveTree(kCwd, folder); });
    CAISSON_TRY(MakeDirs(folder, 0700));
    CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folder, O_PATH | O_DIRECTORY));
    // Whoever the container runs as may write it.
    CAISSON_ASSIGN(const UniqueFd log,
                   OpenAt(dir, "termination-log", O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    if (::fchmod(log.get(), 0666) < 0) return SysError("fchmod", "termination log");
    CAISSON_TRY(AtomicWriteAt(dir, "config.json", spec::ToJson(bundle_.config), 0600,
                              Durability::kThisBoot));
    const std::string log_path =
        LogPathOf(node_.config, pod_.metadata, container_.name, record_.NextAttempt());
    return MakeDirs(log_path.substr(0, log_path.rfind('/')), 0755);
  }

  Result<Started> Launch() {
    keeper_client::CreateRequest request{
        .container_id = id_,
        .name = container_.name,
        .attempt = record_.NextAttempt(),
        .bundle_dir = sandbox_.paths().ContainerDir(id_),
        .log_path = LogPathOf(node_.config, pod_.metadata, container_.name, record_.NextAttempt()),
        .mount_indexes = {},
        .start = true};
    keeper_client::Keeper::Trees trees{.root = root_, .sources = {}};
    for (const auto& [index, fd] : trees_) trees.sources.emplace_back(index, fd);
    auto info = sandbox_.keeper().Create(std::move(request), trees, Deadline::After(kCreateLimit));
    if (!info) {
      // Its answer may only have come too late.
      (void)sandbox_.keeper().Remove(id_, Deadline::After(kRemoveLimit));
      return std::move(info).error();
    }
    return Started{
        .container_id = id_, .image_id = image_.id, .started_at_ns = info->started_at_ns};
  }

  Node& node_;
  const pod_spec::Pod& pod_;
  const Sandbox& sandbox_;
  const pod_spec::Container& container_;
  const ContainerRecord& record_;
  std::string id_;
  image::Image image_;
  UniqueFd root_;
  bundle::Bundle bundle_;
  std::vector<std::pair<std::uint32_t, UniqueFd>> trees_;
  Rollback undo_;  // last: it runs before what it refers to is gone
};

// The last `max_bytes` of a log in the CRI format, without the format.
std::string TailOfLog(const std::string& path, std::size_t max_bytes) {
  const auto text = ReadFile(path);
  if (!text) return {};
  std::string plain;
  for (const std::string_view line : Split(*text, '\n')) {
    // time, stream, tag, then the text
    std::size_t at = 0;
    for (int field = 0; field < 3 && at != std::string_view::npos; ++field) {
      at = line.find(' ', at);
      if (at != std::string_view::npos) ++at;
    }
    if (at == std::string_view::npos || at == 0) continue;
    plain.append(line.substr(at)).push_back('\n');
  }
  return plain.size() <= max_bytes ? plain : plain.substr(plain.size() - max_bytes);
}

}  // namespace

std::variant<Started, StartError> StartContainer(Node& node, const pod_spec::Pod& pod,
                                                 const Sandbox& sandbox,
                                                 const ContainerRecord& record) {
  const pod_spec::Container* const container = FindContainer(pod.spec, record.name);
  if (container == nullptr)
    return StartError{.step = StartStep::kConfig,
                      .reason = "CreateContainerConfigError",
                      .message = StrCat("the pod has no container \"", record.name, "\""),
                      .container_id = {}};
  return Starter(node, pod, sandbox, *container, record).Run();
}

Status RemoveContainer(Node& node, const Sandbox& sandbox, const std::string& container_id) {
  if (sandbox.has_keeper())
    CAISSON_TRY(sandbox.keeper().Remove(container_id, Deadline::After(kRemoveLimit)));
  CAISSON_TRY(node.images.RemoveSnapshot(container_id));
  return RemoveTree(kCwd, sandbox.paths().ContainerDir(container_id));
}

int StopSignalOf(const Node& node, const pod_spec::Pod& pod, const ContainerRecord& record) {
  const pod_spec::Container* const container = FindContainer(pod.spec, record.name);
  std::string name;
  if (container != nullptr && container->lifecycle) name = container->lifecycle->stop_signal;
  if (name.empty()) {
    const auto image = node.images.Find(record.image_id);
    if (image) name = image->config.stop_signal;
  }
  if (const auto number = ParseInt<int>(name); number && *number > 0 && *number < NSIG)
    return *number;
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int number = 1; number < NSIG; ++number) {
    const char* const known = ::sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  return SIGTERM;
}

std::string ReadTerminationMessage(const Node& node, const pod_spec::Pod& pod,
                                   const pod_spec::Container& container, const Sandbox& sandbox,
                                   const keeper_client::ExitRecord& exit) {
  const std::string path = sandbox.FilesOf(pod, exit.container_id).termination_log;
  if (const auto fd = OpenAt(kCwd, path, O_RDONLY | O_NOFOLLOW)) {
    std::string text(kMaxMessageBytes, '\0');
    const ssize_t got = TEMP_FAILURE_RETRY(::read(fd->get(), text.data(), text.size()));
    if (got > 0) return text.substr(0, static_cast<std::size_t>(got));
  }
  const bool failed = exit.code != 0 || exit.signal != 0;
  if (!failed || container.termination_message_policy != "FallbackToLogsOnError") return {};
  constexpr std::size_t kFallbackBytes = 2048;
  return TailOfLog(LogPathOf(node.config, pod.metadata, exit.name, exit.attempt), kFallbackBytes);
}

std::string LogPathOf(const PodsConfig& config, const pod_spec::ObjectMeta& meta,
                      const std::string& name, std::uint32_t attempt) {
  return StrCat(LogDirOf(config, meta), "/", name, "/", attempt, ".log");
}

void RemoveOldLogs(const PodsConfig& config, const pod_spec::ObjectMeta& meta,
                   const std::string& name, std::uint32_t attempt) {
  if (attempt < 2) return;
  const std::string path = LogPathOf(config, meta, name, attempt - 2);
  (void)::unlink(path.c_str());
  for (std::uint32_t number = 1; number < config.log_rotation.max_files; ++number)
    (void)::unlink(StrCat(path, ".", number).c_str());
}

}  // namespace caisson::pods
