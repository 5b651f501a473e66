// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/container_output.h"

#include <sys/epoll.h>

#include <array>
#include <chrono>

#include "runtime/base/log.h"

namespace caisson::keeper {
namespace {

constexpr std::chrono::seconds kDiskRetry{1};

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ContainerOutput::~ContainerOutput() {
  for (const auto& source : sources_) {
    if (source->watched) loop_.Unwatch(source->fd);
  }
}

Status ContainerOutput::Add(LogStream stream, UniqueFd source) {
  const int flags = ::fcntl(source.get(), F_GETFL);
  if (flags < 0 || ::fcntl(source.get(), F_SETFL, flags | O_NONBLOCK) < 0)
    return SysError("fcntl", "container output");
  sources_.push_back(std::make_unique<Source>(stream, std::move(source)));
  return WatchSource(*sources_.back());
}

Status ContainerOutput::WatchSource(Source& source) {
  CAISSON_TRY(loop_.Watch(source.fd, EPOLLIN, [this, &source](std::uint32_t) {
    if (!waiting_for_disk_) (void)ReadOnce(source);
  }));
  source.watched = true;
  return Ok();
}

ContainerOutput::More ContainerOutput::ReadOnce(Source& source) {
  // Shared by all sources: one thread, and nothing stays in it.
  static std::array<char, kMaxRecordBytes> buffer;
  if (!source.fd.valid()) return More::kNotNow;
  const ssize_t got = TEMP_FAILURE_RETRY(::read(source.fd.get(), buffer.data(), buffer.size()));
  if (got < 0 && errno == EAGAIN) return More::kNotNow;
  if (got <= 0) {  // 0, or EIO from a terminal whose last user is gone
    End(source);
    return More::kNotNow;
  }
  std::string records;
  source.cutter.Feed({buffer.data(), static_cast<std::size_t>(got)}, NowNs(), records);
  Write(records);
  return waiting_for_disk_ ? More::kNotNow : More::kPerhaps;
}

void ContainerOutput::End(Source& source) {
  std::string records;
  source.cutter.Finish(NowNs(), records);
  if (source.watched) loop_.Unwatch(source.fd);
  source.watched = false;
  source.fd.Reset();
  Write(records);
}

void ContainerOutput::Write(std::string_view records) {
  if (records.empty()) return;
  const Status written = log_.Append(records);
  if (!written) Log(LogLevel::kWarning, written.error().ToString());
  if (log_.backlog()) WaitForDisk();
}

void ContainerOutput::WaitForDisk() {
  if (waiting_for_disk_) return;
  waiting_for_disk_ = true;
  for (const auto& source : sources_) {
    if (source->watched) loop_.Unwatch(source->fd);
    source->watched = false;
  }
  loop_.After(kDiskRetry, [weak = std::weak_ptr(self_)] {
    const auto alive = weak.lock();
    if (!alive) return;
    ContainerOutput& output = **alive;
    output.waiting_for_disk_ = false;
    (void)output.log_.Flush();  // told when the wait began
    if (output.log_.backlog()) return output.WaitForDisk();
    for (const auto& source : output.sources_) {
      if (!source->fd.valid()) continue;
      if (const Status watched = output.WatchSource(*source); !watched)
        Log(LogLevel::kError, watched.error().ToString());
    }
  });
}

void ContainerOutput::Drain() {
  for (const auto& source : sources_) {
    while (!waiting_for_disk_ && ReadOnce(*source) == More::kPerhaps) {
    }
  }
}

}  // namespace caisson::keeper
