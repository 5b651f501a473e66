// SPDX-License-Identifier: Apache-2.0
#include "agent/image/store.h"

#include <dirent.h>
#include <sys/file.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <tuple>

#include "agent/image/digest.h"
#include "agent/image/folders.h"
#include "agent/image/importer.h"
#include "agent/image/index.h"
#include "agent/image/snapshots.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

constexpr char kIndexFile[] = "index.json";

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Error NoSuchImage(std::string_view name) {
  return Error(Code::kNotFound, StrCat("image \"", name.substr(0, 200), "\" is not in the store"),
               ENOENT);
}

bool HasReference(const Image& image, const Reference& wanted) {
  const auto& names = image.references;
  if (wanted.digest.empty())
    return std::find(names.begin(), names.end(), wanted.ToString()) != names.end();
  const auto digests = image.RepoDigests();
  const std::string by_digest = StrCat(wanted.registry, "/", wanted.repository, "@", wanted.digest);
  return std::find(digests.begin(), digests.end(), by_digest) != digests.end();
}

}  // namespace

class Store::Impl {
 public:
  explicit Impl(const std::string& directory) : folders_(directory), snapshots_(folders_) {}

  Status Open() {
    CAISSON_TRY(MakeDirs(folders_.top(), 0700));
    CAISSON_ASSIGN(lock_, OpenAt(kCwd, folders_.top() + "/lock", O_RDWR | O_CREAT, 0600));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) < 0)
      return Error(Code::kWrongState,
                   StrCat("\"", folders_.top(), "\" is in use by another process"), errno);
    CAISSON_TRY(folders_.Prepare());
    auto text = ReadFile(StrCat(folders_.top(), "/", kIndexFile));
    if (!text && text.error().sys_errno() != ENOENT) return std::move(text).error();
    if (text) {
      CAISSON_ASSIGN(index_, ParseIndex(*text), kIndexFile);
    }
    CAISSON_TRY(snapshots_.Load());
    DropBrokenImages();
    return RemoveUnusedLayers();
  }

  Result<std::vector<Image>> Import(const std::string& path, const std::optional<Reference>& name) {
    const std::lock_guard work(work_mutex_);
    const auto find_layer = [this](const std::string& chain_id) {
      return index_.FindLayer(chain_id);  // only changed by those who hold work_mutex_
    };
    CAISSON_ASSIGN(std::vector<Imported> imported, ImportPath(folders_, path, name, find_layer));
    return Add(std::move(imported));
  }

  Result<Image> ImportRootfs(const std::string& path, const Reference& name,
                             const ImageConfig& config) {
    const std::lock_guard work(work_mutex_);
    CAISSON_ASSIGN(Imported imported, ImportRootfsPath(folders_, path, name, config));
    std::vector<Imported> one;
    one.push_back(std::move(imported));
    CAISSON_ASSIGN(std::vector<Image> added, Add(std::move(one)));
    return std::move(added.front());
  }

  Result<Image> Find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    CAISSON_ASSIGN(const Image* const image, Lookup(name));
    return *image;
  }

  std::vector<Image> List() const {
    const std::lock_guard lock(mutex_);
    std::vector<Image> images = index_.images;
    std::sort(images.begin(), images.end(), [](const Image& a, const Image& b) {
      return std::tie(a.references, a.id) < std::tie(b.references, b.id);
    });
    return images;
  }

  Status Tag(std::string_view name, const Reference& reference) {
    const std::lock_guard work(work_mutex_);
    if (!reference.digest.empty())
      return Error(Code::kInvalidSpec, "a name with a digest cannot be given to an image");
    Index next = index_;
    CAISSON_ASSIGN(const Image* const image, Lookup(name));
    next.GiveName(image->id, reference.ToString());
    return Commit(std::move(next));
  }

  Status Remove(std::string_view name) {
    const std::lock_guard work(work_mutex_);
    CAISSON_ASSIGN(const Image* const image, Lookup(name));
    Index next = index_;
    const auto reference = ParseReference(name);
    const bool by_name = reference && HasReference(*image, *reference) && reference->digest.empty();
    if (by_name && image->references.size() > 1) {
      std::erase(next.FindById(image->id)->references, reference->ToString());
      return Commit(std::move(next));
    }
    if (const std::string user = snapshots_.UserOf(image->id); !user.empty())
      return Error(Code::kWrongState,
                   StrCat("image \"", name, "\" is in use by container \"", user, "\""), EBUSY)
          .Hint("delete that container first");
    const std::string id = image->id;
    std::erase_if(next.images, [&](const Image& item) { return item.id == id; });
    CAISSON_TRY(Commit(std::move(next)));
    return RemoveUnusedLayers();
  }

  Result<std::vector<std::string>> CollectGarbage(const std::vector<std::string>& keep) {
    const std::lock_guard work(work_mutex_);
    Index next = index_;
    std::vector<std::string> gone;
    std::erase_if(next.images, [&](const Image& image) {
      const bool kept =
          std::any_of(image.references.begin(), image.references.end(), [&](const auto& name) {
            return std::find(keep.begin(), keep.end(), name) != keep.end();
          });
      if (kept || !snapshots_.UserOf(image.id).empty()) return false;
      gone.push_back(image.references.empty() ? image.id : image.references.front());
      return true;
    });
    if (!gone.empty()) CAISSON_TRY(Commit(std::move(next)));
    CAISSON_TRY(RemoveUnusedLayers());
    return gone;
  }

  Store::Usage ReadUsage() const {
    const std::lock_guard lock(mutex_);
    Store::Usage usage;
    usage.images = index_.images.size();
    usage.snapshots = snapshots_.Keys().size();
    for (const LayerRecord& layer : index_.layers) usage.layer_bytes += layer.size_bytes;
    return usage;
  }

  Status PrepareSnapshot(const std::string& key, std::string_view name) {
    // Held throughout: the image must not be removed between the lookup and the snapshot.
    const std::lock_guard lock(mutex_);
    CAISSON_ASSIGN(const Image* const image, Lookup(name));
    return snapshots_.Prepare(key, *image);
  }

  Snapshots& snapshots() { return snapshots_; }

 private:
  // Needs mutex_ or work_mutex_.
  Result<const Image*> Lookup(std::string_view name) const {
    if (const auto reference = ParseReference(name)) {
      for (const Image& image : index_.images)
        if (HasReference(image, *reference)) return &image;
    }
    constexpr std::size_t kShortestPrefix = 4;
    const std::string hex = HexOf(name);
    const bool is_id =
        (name.starts_with("sha256:") || name == hex) && IsHex(hex) && hex.size() >= kShortestPrefix;
    const Image* found = nullptr;
    for (const Image& image : index_.images) {
      if (!is_id || !HexOf(image.id).starts_with(hex)) continue;
      if (found != nullptr)
        return Error(Code::kInvalidSpec,
                     StrCat("image id \"", name, "\" fits more than one image"));
      found = &image;
    }
    if (found == nullptr) return NoSuchImage(name);
    return found;
  }

  // Needs work_mutex_.
  Result<std::vector<Image>> Add(std::vector<Imported> imported) {
    Index next = index_;
    for (Imported& item : imported) {
      for (LayerRecord& layer : item.layers)
        if (next.FindLayer(layer.chain_id) == nullptr) next.layers.push_back(std::move(layer));
      const std::vector<std::string> names = item.image.references;
      if (Image* const there = next.FindById(item.image.id)) {
        there->manifest_digest = item.image.manifest_digest;
      } else {
        next.images.push_back(item.image);
      }
      for (const std::string& name : names) next.GiveName(item.image.id, name);
    }
    CAISSON_TRY(Commit(std::move(next)));
    std::vector<Image> added;
    added.reserve(imported.size());
    for (const Imported& item : imported) added.push_back(*index_.FindById(item.image.id));
    return added;
  }

  // Needs work_mutex_. The file first: what callers see survives a power cut.
  Status Commit(Index next) {
    CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folders_.top(), O_RDONLY | O_DIRECTORY));
    CAISSON_TRY(AtomicWriteAt(dir, kIndexFile, ToJson(next), 0600, Durability::kPowerLoss));
    const std::lock_guard lock(mutex_);
    index_ = std::move(next);
    return Ok();
  }

  // An image whose layers somebody took away cannot be run and must not look as if it could.
  void DropBrokenImages() {
    std::erase_if(index_.images, [&](const Image& image) {
      for (const std::string& path : folders_.LayerPaths(image.chain_ids)) {
        if (OpenAt(kCwd, path, O_PATH | O_DIRECTORY)) continue;
        Log(LogLevel::kWarning, "image store: a layer is missing, the image is forgotten",
            {{"image", image.id}, {"layer", path}});
        return true;
      }
      return image.chain_ids.empty();
    });
  }

  // Layers that no image and no snapshot has, in the index or only on disk. Needs work_mutex_.
  Status RemoveUnusedLayers() {
    std::set<std::string> used;
    for (const Image& image : index_.images)
      used.insert(image.chain_ids.begin(), image.chain_ids.end());
    Index next = index_;
    const std::size_t erased = std::erase_if(next.layers, [&](const LayerRecord& layer) {
      return !used.contains(layer.chain_id) && !snapshots_.UsesLayer(layer.chain_id);
    });
    if (erased > 0) CAISSON_TRY(Commit(std::move(next)));
    const auto closer = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(closer)> stream(::opendir(folders_.Layers().c_str()),
                                                        closer);
    if (!stream) return SysError("opendir", folders_.Layers());
    std::vector<std::string> orphans;
    while (const dirent* const item = ::readdir(stream.get())) {
      const std::string name = item->d_name;
      if (name != "." && name != ".." && index_.FindLayer("sha256:" + name) == nullptr)
        orphans.push_back(name);
    }
    for (const std::string& name : orphans)
      CAISSON_TRY(RemoveTree(kCwd, StrCat(folders_.Layers(), "/", name)));
    return Ok();
  }

  Folders folders_;
  Snapshots snapshots_;
  UniqueFd lock_;
  std::mutex work_mutex_;     // taken first; whoever changes images or layers holds it throughout
  mutable std::mutex mutex_;  // for index_: changed with both held, read with either
  Index index_;
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory) {
  auto impl = std::make_unique<Impl>(directory);
  CAISSON_TRY(impl->Open(), "image store");
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<std::vector<Image>> Store::Import(const std::string& path,
                                         const std::optional<Reference>& name) {
  auto images = impl_->Import(path, name);
  if (!images) return std::move(images).error().Wrap(StrCat("import \"", path, "\""));
  return images;
}

Result<Image> Store::ImportRootfs(const std::string& path, const Reference& name,
                                  const ImageConfig& config) {
  auto image = impl_->ImportRootfs(path, name, config);
  if (!image) return std::move(image).error().Wrap(StrCat("import \"", path, "\""));
  return image;
}

Result<Image> Store::Find(std::string_view name) const { return impl_->Find(name); }
std::vector<Image> Store::List() const { return impl_->List(); }
Status Store::Tag(std::string_view name, const Reference& reference) {
  return impl_->Tag(name, reference);
}
Status Store::Remove(std::string_view name) { return impl_->Remove(name); }
Store::Usage Store::ReadUsage() const { return impl_->ReadUsage(); }
Result<std::vector<std::string>> Store::CollectGarbage(const std::vector<std::string>& keep) {
  return impl_->CollectGarbage(keep);
}
Status Store::PrepareSnapshot(const std::string& key, std::string_view image) {
  return impl_->PrepareSnapshot(key, image);
}
Result<UniqueFd> Store::MountSnapshot(const std::string& key) const {
  return impl_->snapshots().Mount(key);
}
Status Store::RemoveSnapshot(const std::string& key) { return impl_->snapshots().Remove(key); }
std::vector<std::string> Store::ListSnapshots() const { return impl_->snapshots().Keys(); }

}  // namespace caisson::image
