// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/target_child.h"

#include <climits>
#include <cstring>

namespace caisson::rootfs {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel's

// A path on the stack that knows when it is full.
class PathBuffer {
 public:
  bool Set(const char* text) noexcept { return SetParts(text, std::strlen(text), "", 0); }
  // `first` + '/' + `rest`.
  bool SetParts(const char* first, std::size_t first_size, const char* rest,
                std::size_t rest_size) noexcept {
    if (first_size + rest_size + 2 > sizeof text_) return false;
    std::memmove(text_, first, first_size);
    size_ = first_size;
    text_[size_++] = '/';
    std::memcpy(text_ + size_, rest, rest_size);
    size_ += rest_size;
    text_[size_] = '\0';
    return true;
  }
  bool Append(const char* component, std::size_t size) noexcept {
    if (size_ + size + 2 > sizeof text_) return false;
    text_[size_++] = '/';
    std::memcpy(text_ + size_, component, size);
    size_ += size;
    text_[size_] = '\0';
    return true;
  }
  void Truncate(std::size_t size) noexcept {
    size_ = size;
    text_[size_] = '\0';
  }
  std::size_t size() const noexcept { return size_; }
  const char* text() const noexcept { return text_; }

 private:
  char text_[PATH_MAX] = {};
  std::size_t size_ = 0;
};

// Walks `todo_` from the root; `done_` is what has been opened so far, as text from the root.
class Walk {
 public:
  Walk(int root, TargetKind kind) noexcept : root_(root), kind_(kind) {}

  Opened Run(const char* path) noexcept {
    if (!todo_.Set(path) || !done_.Set(".")) return TooLong();
    done_.Truncate(1);
    int at = OpenHow(root_, ".", O_PATH | O_DIRECTORY, 0, kInRoot);
    if (at < 0) return {-1, FailedCall(Call::kOpenTarget)};
    const char* next = todo_.text();
    while (true) {
      next += std::strspn(next, "/");
      if (*next == '\0') return {at, {}};
      const std::size_t size = std::strcspn(next, "/");
      const char* const rest = next + size;
      const bool last = rest[std::strspn(rest, "/")] == '\0';
      const Step step = One(at, next, size, last);
      ::close(at);
      if (step.opened.fd < 0 && !step.restart) return step.opened;
      if (step.restart) {
        at = OpenHow(root_, done_.text(), O_PATH | O_DIRECTORY, 0, kInRoot);
        if (at < 0) return {-1, FailedCall(Call::kOpenTarget)};
        next = todo_.text();
      } else {
        at = step.opened.fd;
        next = rest;
      }
    }
  }

 private:
  struct Step {
    Opened opened;
    bool restart = false;  // `todo_` is new: a dangling link was spliced in
  };

  static Opened TooLong() noexcept { return {-1, {Call::kOpenTarget, ENAMETOOLONG}}; }
  static Step Fail(Call call) noexcept { return {{-1, FailedCall(call)}, false}; }

  Step One(int at, const char* name, std::size_t size, bool last) noexcept {
    const std::size_t before = done_.size();
    if (!done_.Append(name, size)) return {TooLong(), false};
    const bool directory = !last || kind_ == TargetKind::kDirectory;
    const int flags = O_PATH | (directory ? O_DIRECTORY : 0);
    int fd = OpenHow(root_, done_.text(), flags, 0, kInRoot);
    if (fd >= 0) return {{fd, {}}, false};
    if (errno != ENOENT) return Fail(Call::kOpenTarget);
    const char* const component = done_.text() + before + 1;
    fd = directory ? MakeDirectoryAt(at, component) : MakeFileAt(at, component);
    if (fd >= 0) return {{fd, {}}, false};
    if (errno != EEXIST) return Fail(directory ? Call::kMakeDirectory : Call::kMakeFile);
    return Follow(at, component, before, name + size);
  }

  // EEXIST when there is something that is no directory: a dangling link, or a race.
  static int MakeDirectoryAt(int at, const char* name) noexcept {
    if (::mkdirat(at, name, 0755) < 0) return -1;
    return OpenHow(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  }
  static int MakeFileAt(int at, const char* name) noexcept {
    return OpenHow(at, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY, 0644,
                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  }

  // The component exists but leads nowhere: goes on along the link's text.
  Step Follow(int at, const char* component, std::size_t before, const char* rest) noexcept {
    if (++links_ > kMaxLinks) return {{-1, {Call::kOpenTarget, ELOOP}}, false};
    char link[PATH_MAX];
    const ssize_t got = ::readlinkat(at, component, link, sizeof link);
    // No link: somebody else made the directory meanwhile; look again.
    if (got < 0 && errno != EINVAL) return Fail(Call::kOpenTarget);
    const std::size_t size = got < 0 ? std::strlen(component) : static_cast<std::size_t>(got);
    const char* const text = got < 0 ? component : link;
    if (size == sizeof link) return {TooLong(), false};
    PathBuffer spliced;
    if (!spliced.SetParts(text, size, rest, std::strlen(rest))) return {TooLong(), false};
    const bool absolute = text[0] == '/';
    todo_ = spliced;
    done_.Truncate(absolute ? 1 : before);
    return {{}, true};
  }

  int root_;
  TargetKind kind_;
  int links_ = 0;
  PathBuffer todo_;
  PathBuffer done_;
};

}  // namespace

Opened MakeTarget(int root, const char* path, TargetKind kind) noexcept {
  const int flags = O_PATH | (kind == TargetKind::kDirectory ? O_DIRECTORY : 0);
  const int fd = OpenHow(root, path, flags, 0, kInRoot);
  if (fd >= 0) return {fd, {}};
  if (errno != ENOENT) return {-1, FailedCall(Call::kOpenTarget)};
  Walk walk(root, kind);
  return walk.Run(path);
}

ParentOf MakeParent(int root, const char* path) noexcept {
  const char* const slash = std::strrchr(path, '/');
  if (slash == nullptr) return {MakeDirectory(root, "."), path};
  const auto size = static_cast<std::size_t>(slash - path);
  char parent[PATH_MAX];
  if (size >= sizeof parent) return {{-1, {Call::kOpenTarget, ENAMETOOLONG}}, slash + 1};
  std::memcpy(parent, path, size);
  parent[size] = '\0';
  return {MakeDirectory(root, parent), slash + 1};
}

}  // namespace caisson::rootfs
