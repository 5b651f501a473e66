// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/pod_spec/pod.h"
#include "agent/pods/node.h"
#include "network/netlink/port_mapping.h"
#include "network/pod_network/pod_files.h"
#include "runtime/base/error.h"

namespace caisson::pods {

// Host ports of all containers. Errors: kInvalidSpec for a hostIP that is none.
Result<std::vector<network::PortMapping>> PortMappingsOf(const pod_spec::PodSpec& spec);

// /etc/hosts, hostname and resolv.conf of a pod. Errors: those of network::MakePodFiles.
Result<network::PodFiles> PodFilesOf(const Node& node, const pod_spec::Pod& pod,
                                     const std::vector<std::string>& pod_ips);

}  // namespace caisson::pods
