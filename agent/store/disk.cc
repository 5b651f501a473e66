// SPDX-License-Identifier: Apache-2.0
#include "agent/store/disk.h"

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"

namespace caisson::store {
namespace {

using nlohmann::json;

constexpr const char* kVersionFile = "resource-version";
constexpr const char* kSuffix = ".json";

// A name has at most 253 bytes and a file at most 255, temporary names included: long ones are cut
// and told apart by a hash. The document itself says the name.
std::string FileOf(const std::string& name) {
  constexpr std::size_t kMax = 200;
  if (name.size() <= kMax) return name + kSuffix;
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return StrCat(name.substr(0, kMax), "-", hash, kSuffix);
}

std::string FolderOf(const char* tree, const Key& key) {
  const KindInfo& info = InfoOf(key.kind);
  return info.namespaced ? StrCat(tree, "/", info.resource, "/", key.ns)
                         : StrCat(tree, "/", info.resource, "/_");
}

// Opens, and makes if absent, a folder below the root; new parents are made durable with it.
Result<UniqueFd> OpenFolder(const UniqueFd& root, const std::string& root_path,
                            const std::string& folder) {
  auto opened = OpenAt(root, folder, O_RDONLY | O_DIRECTORY);
  if (opened || opened.error().sys_errno() != ENOENT) return opened;
  CAISSON_TRY(MakeDirs(StrCat(root_path, "/", folder), 0700));
  for (std::string parent = folder; !parent.empty();) {
    const auto slash = parent.rfind('/');
    parent.resize(slash == std::string::npos ? 0 : slash);
    CAISSON_ASSIGN(const UniqueFd dir,
                   OpenAt(root, parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY));
    if (::fsync(dir.get()) < 0) return SysError("fsync", parent);
  }
  return OpenAt(root, folder, O_RDONLY | O_DIRECTORY);
}

Status RemoveFile(const UniqueFd& root, const std::string& folder, const std::string& file) {
  auto dir = OpenAt(root, folder, O_RDONLY | O_DIRECTORY);
  if (!dir) return dir.error().sys_errno() == ENOENT ? Ok() : Status(std::move(dir).error());
  if (::unlinkat(dir->get(), file.c_str(), 0) < 0)
    return errno == ENOENT ? Ok() : Status(SysError("unlinkat", StrCat(folder, "/", file)));
  if (::fsync(dir->get()) < 0) return SysError("fsync", folder);
  return Ok();
}

}  // namespace

Result<Disk> Disk::Open(const std::string& data_dir) {
  for (const char* tree : {"objects", "status"})
    CAISSON_TRY(MakeDirs(StrCat(data_dir, "/", tree), 0700), "state directory");
  CAISSON_ASSIGN(UniqueFd root, OpenAt(kCwd, data_dir, O_RDONLY | O_DIRECTORY), "state directory");
  return Disk(data_dir, std::move(root));
}

Status Disk::WriteObject(const Key& key, const json& desired) const {
  CAISSON_ASSIGN(const UniqueFd folder, OpenFolder(root_, path_, FolderOf("objects", key)));
  return AtomicWriteAt(folder, FileOf(key.name),
                       desired.dump(-1, ' ', false, json::error_handler_t::replace), 0600,
                       Durability::kPowerLoss);
}

Status Disk::WriteStatus(const Key& key, const std::string& uid, const json& status) const {
  CAISSON_ASSIGN(const UniqueFd folder, OpenFolder(root_, path_, FolderOf("status", key)));
  const json record{{"uid", uid}, {"status", status}};
  // A status text may come from a container's termination message: any bytes.
  const std::string text = record.dump(-1, ' ', false, json::error_handler_t::replace);
  return AtomicWriteAt(folder, FileOf(key.name), text, 0600, Durability::kThisBoot);
}

Status Disk::Remove(const Key& key) const {
  CAISSON_TRY(RemoveFile(root_, FolderOf("objects", key), FileOf(key.name)));
  return RemoveFile(root_, FolderOf("status", key), FileOf(key.name));
}

Status Disk::LoadAll(Kind kind, const std::function<Status(json document)>& load) const {
  const std::string tree = StrCat("objects/", InfoOf(kind).resource);
  std::error_code failed;
  std::filesystem::directory_iterator folders(StrCat(path_, "/", tree), failed);
  if (failed == std::errc::no_such_file_or_directory) return Ok();
  if (failed) return SysError("opendir", StrCat(path_, "/", tree), failed.value());
  for (const auto& folder : folders) {
    std::filesystem::directory_iterator files(folder.path(), failed);
    if (failed) return SysError("opendir", folder.path().string(), failed.value());
    for (const auto& file : files) {
      const std::string name = file.path().filename().string();
      if (!name.ends_with(kSuffix)) continue;
      const std::string place = StrCat(tree, "/", folder.path().filename().string());
      if (Status loaded = LoadOne(kind, place, name, load); !loaded) {
        const std::string path = StrCat(place, "/", name);
        Log(LogLevel::kWarning, "set aside a stored object that cannot be read",
            {{"file", path}, {"error", loaded.error().message()}});
        const std::string aside = path + ".broken";
        if (::renameat(root_.get(), path.c_str(), root_.get(), aside.c_str()) < 0)
          return SysError("renameat", path);
      }
    }
  }
  return Ok();
}

Status Disk::LoadOne(Kind kind, const std::string& folder, const std::string& file,
                     const std::function<Status(json document)>& load) const {
  CAISSON_ASSIGN(const std::string text, ReadFileAt(root_, StrCat(folder, "/", file)));
  CAISSON_ASSIGN(const pod_spec::ParsedDocument parsed, pod_spec::ParseJson(text));
  json& document = *parsed.value;
  const auto meta = document.find("metadata");
  if (meta == document.end() || !meta->is_object() || meta->value("name", json()).is_null())
    return Error(Code::kInvalidSpec, "metadata.name is missing");
  Key key{kind, meta->value("namespace", ""), meta->value("name", "")};
  const auto status = ReadFileAt(root_, StrCat(FolderOf("status", key), "/", FileOf(key.name)));
  if (status) {
    auto observed = pod_spec::ParseJson(*status);
    if (observed && observed->value->is_object() &&
        observed->value->value("uid", json()) == meta->value("uid", json("none")))
      document["status"] = std::move((*observed->value)["status"]);
  }
  return load(std::move(document));
}

Result<std::uint64_t> Disk::ReadVersionLimit() const {
  auto text = ReadFileAt(root_, kVersionFile);
  if (!text && text.error().sys_errno() == ENOENT) return std::uint64_t{0};
  if (!text) return std::move(text).error();
  return ParseInt<std::uint64_t>(Trim(*text)).value_or(0);
}

Status Disk::WriteVersionLimit(std::uint64_t limit) const {
  return AtomicWriteAt(root_, kVersionFile, StrCat(limit, "\n"), 0600, Durability::kPowerLoss);
}

}  // namespace caisson::store
