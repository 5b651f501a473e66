// SPDX-License-Identifier: Apache-2.0
#include "agent/image/importer.h"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>

#include "agent/image/digest.h"
#include "agent/image/layer_maker.h"
#include "agent/image/unpack.h"
#include "agent/image/write_tar.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"
#include "runtime/base/timestamp.h"

namespace caisson::image {
namespace {

Result<bool> IsDirectory(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) < 0) return SysError("stat", path);
  if (S_ISDIR(info.st_mode)) return true;
  if (S_ISREG(info.st_mode)) return false;
  return Error(Code::kInvalidSpec, StrCat("\"", path, "\" is neither a file nor a directory"));
}

Status WriteBlob(const Folders& folders, const std::string& digest, const std::string& bytes) {
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folders.Blobs(), O_RDONLY | O_DIRECTORY));
  return AtomicWriteAt(dir, HexOf(digest), bytes, 0600, Durability::kPowerLoss);
}

std::string Now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return FormatUtc(now, 0);
}

Result<std::vector<std::string>> FullNames(const SourceImage& source,
                                           const std::optional<Reference>& name) {
  if (name) return std::vector<std::string>{name->ToString()};
  std::vector<std::string> names;
  for (const std::string& text : source.names) {
    CAISSON_ASSIGN(const Reference reference, ParseReference(text));
    names.push_back(reference.ToString());
  }
  if (names.empty())
    return Error(Code::kInvalidSpec, "the source does not name the image")
        .Hint("give a name for it");
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<Imported> ImportOne(Folders& folders, FdView root, const SourceImage& source,
                           const std::optional<Reference>& name, const FindLayer& find_layer) {
  Imported out;
  CAISSON_ASSIGN(out.image.references, FullNames(source, name));
  for (std::size_t i = 0; i < source.layers.size(); ++i) {
    const std::string& diff_id = source.config.diff_ids[i];
    std::vector<std::string>& chain_ids = out.image.chain_ids;
    const std::string chain_id =
        ChainId(chain_ids.empty() ? std::string() : chain_ids.back(), diff_id);
    const LayerRecord* const there = find_layer(chain_id);
    if (there != nullptr) {
      out.layers.push_back(*there);
    } else {
      CAISSON_ASSIGN(UniqueFd file, OpenSourceFile(root, source.layers[i].path), "layer ", i + 1);
      CAISSON_ASSIGN(auto stream, LayerStream::Open(std::move(file), StrCat("layer ", i + 1)));
      CAISSON_ASSIGN(LayerRecord made, MakeLayer(folders,
                                                 {.parents = chain_ids,
                                                  .diff_id = diff_id,
                                                  .file_digest = source.layers[i].digest},
                                                 std::move(stream)));
      out.layers.push_back(std::move(made));
    }
    chain_ids.push_back(chain_id);
    out.image.size_bytes += out.layers.back().size_bytes;
  }
  out.image.id = source.config_digest;
  out.image.manifest_digest =
      source.manifest_digest.empty() ? source.config_digest : source.manifest_digest;
  out.image.os = source.config.os;
  out.image.architecture = source.config.architecture;
  out.image.created = source.config.created;
  out.image.config = source.config.config;
  if (name && !name->digest.empty() && name->digest != out.image.manifest_digest)
    return Error(Code::kInvalidSpec, StrCat("the digest of \"", name->ToString(),
                                            "\" is not the image's ", out.image.manifest_digest));
  CAISSON_TRY(WriteBlob(folders, source.config_digest, source.config_json));
  if (!source.manifest_json.empty())
    CAISSON_TRY(WriteBlob(folders, source.manifest_digest, source.manifest_json));
  return out;
}

// An archive is unpacked beside the store first: what it begins with may refer to what it ends
// with.
Result<UniqueFd> OpenUnpacked(const Scratch& scratch, const std::string& path) {
  CAISSON_ASSIGN(UniqueFd file, OpenAt(kCwd, path, O_RDONLY));
  CAISSON_ASSIGN(const auto stream, LayerStream::Open(std::move(file), "archive"));
  CAISSON_ASSIGN(UniqueFd target, OpenAt(kCwd, scratch.path(), O_PATH | O_DIRECTORY));
  CAISSON_ASSIGN(
      const std::uint64_t bytes,
      Unpack(target, {.entries = stream->tar(), .shown_as = "archive"}, UnpackAs::kFiles));
  if (bytes == 0) return Error(Code::kInvalidSpec, "archive: holds no files");
  return target;
}

}  // namespace

Result<std::vector<Imported>> ImportPath(Folders& folders, const std::string& path,
                                         const std::optional<Reference>& name,
                                         const FindLayer& find_layer) {
  CAISSON_ASSIGN(const bool directory, IsDirectory(path));
  CAISSON_ASSIGN(const Scratch scratch, Scratch::Make(folders));
  CAISSON_ASSIGN(const UniqueFd root, directory ? OpenAt(kCwd, path, O_PATH | O_DIRECTORY)
                                                : OpenUnpacked(scratch, path));
  CAISSON_ASSIGN(const std::vector<SourceImage> sources, ReadSource(root, HostPlatform()));
  if (name && sources.size() != 1)
    return Error(Code::kInvalidSpec,
                 StrCat("holds ", sources.size(), " images, so one name cannot be given"));
  std::vector<Imported> out;
  for (const SourceImage& source : sources) {
    const auto find_any = [&](const std::string& chain_id) -> const LayerRecord* {
      for (const Imported& earlier : out)
        for (const LayerRecord& layer : earlier.layers)
          if (layer.chain_id == chain_id) return &layer;
      return find_layer(chain_id);
    };
    CAISSON_ASSIGN(Imported imported, ImportOne(folders, root, source, name, find_any));
    out.push_back(std::move(imported));
  }
  return out;
}

Result<Imported> ImportRootfsPath(Folders& folders, const std::string& path, const Reference& name,
                                  const ImageConfig& config) {
  CAISSON_ASSIGN(const bool directory, IsDirectory(path));
  CAISSON_ASSIGN(const Scratch scratch, Scratch::Make(folders));
  std::string tar = path;
  if (directory) {
    tar = scratch / "rootfs.tar";
    CAISSON_ASSIGN(const UniqueFd out, OpenAt(kCwd, tar, O_WRONLY | O_CREAT | O_EXCL, 0600));
    CAISSON_TRY(WriteTar(path, out));
  }
  CAISSON_ASSIGN(UniqueFd file, OpenAt(kCwd, tar, O_RDONLY));
  CAISSON_ASSIGN(auto stream, LayerStream::Open(std::move(file), "root filesystem"));
  CAISSON_ASSIGN(LayerRecord layer, MakeLayer(folders, {}, std::move(stream)));

  const Platform host = HostPlatform();
  const ConfigDocument document{.os = host.os,
                                .architecture = host.architecture,
                                .created = Now(),
                                .config = config,
                                .diff_ids = {layer.diff_id}};
  const std::string json = WriteImageConfig(document);
  Imported out;
  out.image.id = Sha256Of(json);
  out.image.manifest_digest = out.image.id;
  out.image.references = {name.ToString()};
  out.image.os = document.os;
  out.image.architecture = document.architecture;
  out.image.created = document.created;
  out.image.size_bytes = layer.size_bytes;
  out.image.chain_ids = {layer.chain_id};
  out.image.config = config;
  CAISSON_TRY(WriteBlob(folders, out.image.id, json));
  out.layers.push_back(std::move(layer));
  return out;
}

}  // namespace caisson::image
