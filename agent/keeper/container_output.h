// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/keeper/cri_log.h"
#include "agent/keeper/event_loop.h"
#include "agent/keeper/log_file.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

// Carries what a container writes from its pipes (or its terminal) to its log. While the disk
// refuses a record the pipes are not read, so the container waits and nothing is lost; the write is
// tried again every second. Thread-compatible: one owner at a time.
class ContainerOutput {
 public:
  // `loop` must outlive this object.
  ContainerOutput(EventLoop& loop, LogFile log) : loop_(loop), log_(std::move(log)) {}
  ContainerOutput(const ContainerOutput&) = delete;
  ContainerOutput& operator=(const ContainerOutput&) = delete;
  ~ContainerOutput();

  // Takes the end that is read and watches it.
  Status Add(LogStream stream, UniqueFd source);

  // Reads what is there now, without waiting for more. Called at the container's end, so that its
  // last words are in the log before anyone is told.
  void Drain();

 private:
  struct Source {
    explicit Source(LogStream stream, UniqueFd from) : fd(std::move(from)), cutter(stream) {}
    UniqueFd fd;
    RecordCutter cutter;
    bool watched = false;
  };
  enum class More { kPerhaps, kNotNow };

  Status WatchSource(Source& source);
  More ReadOnce(Source& source);
  void End(Source& source);
  void Write(std::string_view records);
  void WaitForDisk();

  EventLoop& loop_;
  LogFile log_;
  std::vector<std::unique_ptr<Source>> sources_;
  bool waiting_for_disk_ = false;
  // A timer cannot be taken back; it holds this weakly and finds out that nobody waits any more.
  std::shared_ptr<ContainerOutput*> self_ = std::make_shared<ContainerOutput*>(this);
};

}  // namespace caisson::keeper
