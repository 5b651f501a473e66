// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "runtime/process/exec_block.h"

namespace caisson::process {
namespace {

constexpr std::size_t kMaxPasswdBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxLineBytes = 4096;

// The image's file, whatever it is: no device, no FIFO, no way out over /proc.
int OpenPasswd() noexcept {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof how);
  if (fd < 0) return -1;
  struct stat info {};
  if (::fstat(static_cast<int>(fd), &info) == 0 && S_ISREG(info.st_mode))
    return static_cast<int>(fd);
  ::close(static_cast<int>(fd));
  return -1;
}

// Takes the text up to the next ':' off the front.
std::string_view NextField(std::string_view& rest) noexcept {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view field(rest.data(), colon);  // substr can throw
  rest.remove_prefix(std::min(colon + 1, rest.size()));
  return field;
}

bool IsId(std::string_view text, std::uint32_t id) noexcept {
  if (text.empty() || text.size() > 10) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value == id;
}

// name:password:uid:gid:gecos:home:shell. Only the number decides, never the name (CVE-2016-3697).
// Empty when the line is another user's or its home is no clean absolute path.
std::string_view HomeIn(std::string_view line, std::uint32_t uid) noexcept {
  NextField(line);
  NextField(line);
  if (!IsId(NextField(line), uid)) return {};
  NextField(line);
  NextField(line);
  const std::string_view home = NextField(line);
  if (home.empty() || home[0] != '/') return {};
  for (const char c : home) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return {};
  }
  return home;
}

void Store(const ExecView& view, std::string_view home) noexcept {
  constexpr std::string_view kName = "HOME=";
  if (kName.size() + home.size() + 1 > view.home_capacity) return;
  std::memcpy(view.home + kName.size(), home.data(), home.size());
  view.home[kName.size() + home.size()] = '\0';
}

// Puts the lines of a file together from pieces; a line that is too long is nobody's.
class Lines {
 public:
  explicit Lines(const ExecView& view) : view_(view) {}
  // True when the user was found.
  bool Add(const char* bytes, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      if (bytes[i] == '\n') {
        if (End()) return true;
      } else if (used_ < sizeof line_) {
        line_[used_++] = bytes[i];
      } else {
        too_long_ = true;
      }
    }
    return false;
  }
  bool End() noexcept {
    const std::string_view home =
        too_long_ ? std::string_view() : HomeIn(std::string_view(line_, used_), view_.uid);
    used_ = 0;
    too_long_ = false;
    if (home.empty()) return false;
    Store(view_, home);
    return true;
  }

 private:
  const ExecView& view_;
  char line_[kMaxLineBytes];
  std::size_t used_ = 0;
  bool too_long_ = false;
};

}  // namespace

void FillHome(const ExecView& view) noexcept {
  if (view.home == nullptr) return;
  const int fd = OpenPasswd();
  if (fd < 0) return;
  Lines lines(view);
  char buffer[4096];
  std::size_t total = 0;
  bool found = false;
  while (!found && total < kMaxPasswdBytes) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    total += static_cast<std::size_t>(got);
    found = lines.Add(buffer, static_cast<std::size_t>(got));
  }
  if (!found) lines.End();
  ::close(fd);
}

}  // namespace caisson::process
