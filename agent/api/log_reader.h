// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/api/log_query.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::api {

// One container's log: lines as the CRI writes them, "2026-01-31T12:00:00.1Z stdout F text", turned
// back into what the container wrote. Thread-compatible: one owner at a time.
// Source: kubernetes, kubelet-cri-logging.md.
class LogReader {
 public:
  // Takes the descriptor of the file's start.
  LogReader(UniqueFd file, LogQuery query) : file_(std::move(file)), query_(std::move(query)) {}

  // Goes to the first of the last `tail_lines` lines, if asked for. Reads backwards in blocks, so
  // the cost does not grow with the file.
  Status SeekToTail();

  // Text that has become available, at most some 64 KiB; empty at the end of the file, for now. A
  // line that is not whole yet is kept for the next call.
  Result<std::string> ReadMore();

  // The limit of bytes is used up: nothing more will come.
  bool exhausted() const { return query_.limit_bytes && sent_bytes_ >= *query_.limit_bytes; }

  // Goes on with another file after a rotation.
  void Continue(UniqueFd file);

  FdView file() const { return file_; }

 private:
  void AppendLine(std::string_view line, std::string& out);

  UniqueFd file_;
  LogQuery query_;
  std::string partial_;          // bytes after the last line end
  bool inside_message_ = false;  // the last piece had the tag P: no stamp before the next
  std::int64_t sent_bytes_ = 0;
};

// The file of a container's log: `<log_dir>/<ns>_<name>_<uid>/<container>/<restart>.log`, the last
// one or the one before. Errors: kNotFound when there is none (yet).
struct LogFile {
  std::string folder;
  std::string name;  // "0.log"
  UniqueFd file;
  std::int32_t restart = 0;
};
Result<LogFile> OpenLog(const std::string& log_dir, const store::Object& pod,
                        const LogQuery& query);

}  // namespace caisson::api
