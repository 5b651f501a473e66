// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace caisson {

// Owns one file descriptor. Move-only; empty is -1. No conversion to int or bool, so that
// `close(fd)` and `if (fd)` do not compile. Closing keeps errno and never retries: Linux frees the
// number even when close(2) fails with EINTR, and a second close could hit another thread's fd.
// Thread-compatible: one owner at a time.
class [[nodiscard]] UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1) {
    if (fd_ >= 0) {
      const int saved = errno;
      ::close(fd_);
      errno = saved;
    }
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// A borrowed descriptor, for parameters; never stored in a member. AT_FDCWD is kCwd.
class FdView {
 public:
  FdView(const UniqueFd& fd) : fd_(fd.get()) {}  // NOLINT: borrowing is meant to be silent
  static FdView Raw(int fd) { return FdView(fd); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0 || fd_ == AT_FDCWD; }

 private:
  explicit FdView(int fd) : fd_(fd) {}
  int fd_;
};
inline const FdView kCwd = FdView::Raw(AT_FDCWD);

}  // namespace caisson
