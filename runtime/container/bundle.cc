// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/bundle.h"

#include <stdlib.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::container {
namespace {

void UseNamespaceFds(const std::map<spec::NamespaceType, int>& fds, spec::Linux& linux) {
  for (const auto& [type, fd] : fds) {
    const std::string path = FdPath(FdView::Raw(fd));
    const auto entry = std::find_if(linux.namespaces.begin(), linux.namespaces.end(),
                                    [&, wanted = type](const auto& n) { return n.type == wanted; });
    if (entry != linux.namespaces.end()) {
      entry->path = path;
    } else {
      linux.namespaces.push_back({.type = type, .path = path});
    }
  }
}

Status ReadConfig(const CreateOptions& options, LoadedConfig& loaded) {
  if (options.config) {
    loaded.config = *options.config;
    loaded.json = spec::ToJson(loaded.config);
    return Ok();
  }
  const std::string path =
      options.config_path.empty() ? StrCat(options.bundle, "/config.json") : options.config_path;
  auto text = ReadFile(path);
  if (!text && text.error().sys_errno() == ENOENT)
    return std::move(text).error().Hint(
        "make a bundle with `caisson spec`, or name it with --bundle");
  if (!text) return std::move(text).error();
  loaded.json = std::move(text).value();
  CAISSON_ASSIGN(loaded.config, spec::ParseConfig(loaded.json), path);
  return Ok();
}

}  // namespace

Result<LoadedConfig> LoadConfig(const CreateOptions& options) {
  LoadedConfig loaded;
  CAISSON_TRY(ReadConfig(options, loaded));
  UseNamespaceFds(options.namespace_fds, loaded.config.linux);
  CAISSON_TRY(spec::Validate(loaded.config, &loaded.warnings));
  return loaded;
}

std::string RootfsPath(const std::string& bundle, const std::string& root_path) {
  return CleanPath(root_path.starts_with('/') ? root_path : StrCat(bundle, "/", root_path));
}

std::vector<std::string> PassedEnvironment(const CreateOptions& options) {
  std::vector<std::string> env;
  if (!options.pass_listen_fds) return env;
  for (const char* const name : {"LISTEN_FDS", "LISTEN_FDNAMES"}) {
    if (const char* const value = ::getenv(name)) env.push_back(StrCat(name, "=", value));
  }
  // The process is the first of its namespace and so the one that is meant.
  if (!env.empty()) env.emplace_back("LISTEN_PID=1");
  return env;
}

}  // namespace caisson::container
