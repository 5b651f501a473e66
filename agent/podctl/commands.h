// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/podctl/rest_client.h"
#include "runtime/base/error.h"

namespace caisson::podctl {

// One function a subcommand. They print their result on standard output and return what failed.

struct GetOptions {
  std::string resource = "pods";
  std::vector<std::string> names;
  std::string ns = "default";
  bool all_namespaces = false;
  std::string output;  // "", wide, json, yaml, name
  std::string labels;
  std::string fields;
  bool watch = false;
};
Status Get(const RestClient& client, const GetOptions& options);

struct ApplyOptions {
  std::vector<std::string> files;  // "-" is standard input
  std::string ns;                  // empty: the object's own, or "default"
  bool dry_run = false;
};
Status Apply(const RestClient& client, const ApplyOptions& options);

struct DeleteOptions {
  std::string resource = "pods";
  std::vector<std::string> names;
  std::vector<std::string> files;
  std::string ns = "default";
  std::optional<std::int64_t> grace_seconds;
  bool wait = true;
  bool ignore_not_found = false;
};
Status Delete(const RestClient& client, const DeleteOptions& options);

struct DescribeOptions {
  std::string resource = "pods";
  std::string name;
  std::string ns = "default";
};
Status Describe(const RestClient& client, const DescribeOptions& options);

struct LogsOptions {
  std::string pod;
  std::string container;
  std::string ns = "default";
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<std::int64_t> tail;
  std::optional<std::int64_t> since_seconds;
};
Status Logs(const RestClient& client, const LogsOptions& options);

struct ImageImportOptions {
  std::string source;  // a file, an OCI layout directory, or "-"
  std::string name;
};
Status ImageImport(const RestClient& client, const ImageImportOptions& options);
Status ImageList(const RestClient& client, const std::string& output);
Status ImageRemove(const RestClient& client, const std::vector<std::string>& references);

Status Version(const RestClient& client, bool client_only);

// The documents of a YAML or JSON file, or of standard input for "-".
Result<std::vector<nlohmann::json>> ReadManifests(const std::string& file);

// Writes all of it to standard output. Errors: kSystem when that is closed.
Status Print(std::string_view text);

}  // namespace caisson::podctl
