// SPDX-License-Identifier: Apache-2.0
// A node's resolv.conf, whatever stands in it, gives a pod one that reads as what was written.
#include <cstdint>
#include <cstdlib>

#include "network/pod_network/pod_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::network;
  PodFilesRequest request;
  request.pod_name = "fuzz";
  request.dns_policy = DnsPolicy::kDefault;
  request.node_resolver = ParseResolvConf({reinterpret_cast<const char*>(data), size});
  const auto files = MakePodFiles(request);
  if (!files) return 0;
  request.node_resolver = ParseResolvConf(files->resolv_conf);
  const auto again = MakePodFiles(request);
  if (!again || again->resolv_conf != files->resolv_conf) std::abort();
  return 0;
}
