// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include "agent/bundle/bundle.h"

namespace caisson::bundle {

inline pod_spec::Quantity Amount(std::string_view text) {
  auto quantity = pod_spec::Quantity::Parse(text);
  if (!quantity) ADD_FAILURE() << quantity.error().message();
  return *quantity;
}

// A pod with one container that runs the image's command, to be changed by each test.
class BundleTest : public ::testing::Test {
 protected:
  BundleTest() {
    pod_.metadata.name = "web";
    pod_.metadata.namespace_ = "default";
    pod_.metadata.uid = "u-1";
    pod_.metadata.labels = {{"app", "shop"}};
    container_.name = "c";
    image_.entrypoint = {"/entry"};
    image_.cmd = {"image-arg"};
    facts_.pod_ips = {"10.1.0.2"};
    facts_.host_ips = {"192.168.0.1"};
    facts_.hostname = "web";
    facts_.pod_cgroup = "/caisson/podu-1";
    facts_.node_cpu_milli = 4000;
    facts_.node_memory_bytes = 1'000'000;
    objects_["cm"] = {{"key", "value"}, {"other", "more"}};
  }

  BundleRequest Request() {
    return {.pod = pod_,
            .container = container_,
            .container_id = "id1",
            .image = image_,
            .facts = facts_,
            .files = {.hosts = "/run/hosts",
                      .hostname = "/run/hostname",
                      .resolv_conf = "/run/resolv.conf",
                      .shm = "/shm",
                      .termination_log = "/run/log"},
            .volumes = volumes_,
            .user = user_,
            .lookup = [this](pod_spec::EnvFromSource::Kind, const std::string& name)
                -> std::optional<std::map<std::string, std::string>> {
              const auto found = objects_.find(name);
              if (found == objects_.end()) return std::nullopt;
              return found->second;
            },
            .localhost_seccomp = {}};
  }

  // The bundle, which must be possible.
  Bundle Made() {
    auto bundle = MakeBundle(Request());
    if (!bundle) ADD_FAILURE() << bundle.error().ToString();
    return bundle ? std::move(*bundle) : Bundle{};
  }
  // The sentence of the failure, which there must be.
  std::string Refused() {
    const auto bundle = MakeBundle(Request());
    if (bundle) ADD_FAILURE() << "it was accepted";
    return bundle ? std::string() : bundle.error().message();
  }

  pod_spec::Pod pod_;
  pod_spec::Container container_;
  ImageDefaults image_;
  PodFacts facts_;
  ImageUser user_;
  std::map<std::string, VolumeSource> volumes_;
  std::map<std::string, std::map<std::string, std::string>> objects_;
};

}  // namespace caisson::bundle
