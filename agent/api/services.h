// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::api {

struct ImageInfo {
  std::string name;             // "docker.io/library/busybox:latest"; empty if untagged
  std::string id;               // "sha256:..." of the configuration
  std::string digest;           // of the manifest
  std::int64_t size_bytes = 0;  // of the layers
  std::string created;          // RFC 3339, or empty
};

// What agent/image offers to clients; the daemon puts it in. Thread-safe.
class ImageService {
 public:
  virtual ~ImageService() = default;
  // An OCI layout directory or a docker/OCI archive on this host. `name` replaces the names that
  // the archive itself gives, if not empty.
  virtual Result<std::vector<ImageInfo>> ImportPath(const std::string& path,
                                                    const std::string& name) = 0;
  // An archive in an open file, read from its start.
  virtual Result<std::vector<ImageInfo>> ImportArchive(const UniqueFd& archive,
                                                       const std::string& name) = 0;
  virtual Result<std::vector<ImageInfo>> List() = 0;
  // By name, id or digest. Errors: kNotFound; kWrongState while a container uses it.
  virtual Status Remove(const std::string& reference) = 0;
};

// A metrics page: its text and its content type, by the client's Accept header.
struct MetricsPage {
  std::string content_type;
  std::string text;
};

// What the API is built on. All must outlive the server.
struct Services {
  store::Store& store;
  std::string node_name;
  std::string node_ip;  // shown as the node's InternalIP
  std::string log_dir = "/var/log/pods";
  std::string upload_dir;  // for archives on their way in
  std::string version = "0.1.0";
  std::string revision;
  int max_pods = 1000;

  ImageService* images = nullptr;  // null: /caisson/v1/images answers 501
  // Null: the route answers 404. By path: "/metrics", "/metrics/cadvisor", "/metrics/resource".
  std::function<MetricsPage(const std::string& path, const std::string& accept)> metrics;
  std::function<nlohmann::json()> stats_summary;  // /stats/summary
  // Not ready while it returns an error, whose text /readyz shows.
  std::function<Status()> ready;
  // Told of each answered request, for the agent's own metrics.
  std::function<void(const std::string& verb, const std::string& resource, int code,
                     double seconds)>
      observe;
};

}  // namespace caisson::api
