// SPDX-License-Identifier: Apache-2.0
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/trace.h"

namespace caisson {
namespace {

pid_t g_trace_pid = 0;  // 0: getpid()

struct Point {
  std::string_view name;
  std::string_view words;
};
constexpr Point kPoints[] = {
#define CAISSON_TRACE_ROW_(probe, name, words) {name, words},
    CAISSON_TRACE_POINTS(CAISSON_TRACE_ROW_)
#undef CAISSON_TRACE_ROW_
};

// A line in fixed memory: what does not fit is cut, and the end of the line is kept free.
class Line {
 public:
  void Put(std::string_view text) {
    const std::size_t room = kSize - kTail - used_;
    const std::size_t size = text.size() < room ? text.size() : room;
    std::memcpy(bytes_ + used_, text.data(), size);
    used_ += size;
  }
  void Put(std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    Put(std::string_view(digits + at, sizeof digits - at));
  }
  // Inside a JSON string; control characters become spaces: objects are names.
  void PutEscaped(std::string_view text) {
    for (const char c : text) {
      if (c == '"' || c == '\\') Put("\\");
      const char shown = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
      Put(std::string_view(&shown, 1));
    }
  }
  void Send(int fd) {
    std::memcpy(bytes_ + used_, "\"}\n", kTail);
    used_ += kTail;
    // A trace that cannot be written has nowhere to complain.
    if (::write(fd, bytes_, used_) < 0) return;
  }

 private:
  static constexpr std::size_t kSize = 512;
  static constexpr std::size_t kTail = 3;
  char bytes_[kSize];
  std::size_t used_ = 0;
};

}  // namespace

std::string_view NameOf(TracePoint point) { return kPoints[static_cast<std::size_t>(point)].name; }
std::string_view WordsOf(TracePoint point) {
  return kPoints[static_cast<std::size_t>(point)].words;
}

void SetTrace(int fd) noexcept { internal::g_trace_fd = fd; }
void SetTracePid(pid_t host_pid) noexcept { g_trace_pid = host_pid; }

namespace internal {

int g_trace_fd = -1;

void WriteTrace(TracePoint point, std::string_view object) noexcept {
  const int saved = errno;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  Line line;
  line.Put("{\"ns\":");
  line.Put(static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
           static_cast<std::uint64_t>(now.tv_nsec));
  line.Put(",\"pid\":");
  line.Put(static_cast<std::uint64_t>(g_trace_pid != 0 ? g_trace_pid : ::getpid()));
  line.Put(",\"point\":\"");
  line.Put(NameOf(point));
  line.Put("\",\"phase\":\"");
  line.Put(WordsOf(point));
  line.Put("\",\"object\":\"");
  line.PutEscaped(object);
  line.Send(g_trace_fd);
  errno = saved;
}

}  // namespace internal
}  // namespace caisson
