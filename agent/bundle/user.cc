// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/user.h"

#include <algorithm>
#include <optional>

namespace caisson::bundle {
namespace {

template <class Value>
std::optional<Value> First(const std::optional<Value>& container, const std::optional<Value>& pod) {
  return container ? container : pod;
}

std::optional<std::int64_t> RunAsUser(const pod_spec::PodSpec& pod,
                                      const pod_spec::Container& container) {
  return First(container.security_context.run_as_user, pod.security_context.run_as_user);
}

Status CheckNonRoot(bool by_spec, const std::string& image_user, const ImageUser& found) {
  if (found.uid == 0)
    return Error(Code::kInvalidSpec,
                 StrCat("container has runAsNonRoot and ",
                        by_spec ? "its runAsUser is root" : "image will run as root"));
  const std::string_view name = Split(image_user, ':')[0];
  // What a name means is up to the image, which is not to be trusted here.
  if (!by_spec && !ParseInt<std::uint32_t>(name))
    return Error(Code::kInvalidSpec,
                 StrCat("container has runAsNonRoot and image has non-numeric user (", name,
                        "), cannot verify user is non-root"))
        .Hint("set securityContext.runAsUser");
  return Ok();
}

}  // namespace

std::string UserToResolve(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                          const std::string& image_user) {
  const auto uid = RunAsUser(pod, container);
  return uid ? StrCat(*uid) : image_user;
}

Result<spec::User> MakeUser(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                            const std::string& image_user, const ImageUser& found) {
  const auto& of_pod = pod.security_context;
  const auto& of_container = container.security_context;
  if (First(of_container.run_as_non_root, of_pod.run_as_non_root).value_or(false)) {
    const bool by_spec = RunAsUser(pod, container).has_value();
    CAISSON_TRY(CheckNonRoot(by_spec, image_user, found));
  }
  spec::User user;
  user.uid = found.uid;
  const auto run_as_group = First(of_container.run_as_group, of_pod.run_as_group);
  user.gid = run_as_group ? static_cast<std::uint32_t>(*run_as_group) : found.gid;
  std::vector<std::uint32_t> groups;
  if (of_pod.supplemental_groups_policy != "Strict") groups = found.additional_gids;
  for (const std::int64_t gid : of_pod.supplemental_groups)
    groups.push_back(static_cast<std::uint32_t>(gid));
  if (of_pod.fs_group) groups.push_back(static_cast<std::uint32_t>(*of_pod.fs_group));
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  user.additional_gids = std::move(groups);
  return user;
}

}  // namespace caisson::bundle
