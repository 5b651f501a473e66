// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace caisson::keeper {

enum class LogStream { kStdout, kStderr };

// The longest text of one record; longer lines are cut into partial records of this size.
inline constexpr std::size_t kMaxRecordBytes = 16384;

// "2026-01-31T12:00:00.123456789Z".
std::string FormatRecordTime(std::int64_t ns_since_epoch);

// Cuts one stream of a container's output into records of the CRI log format:
//   RFC3339Nano stdout|stderr F|P TEXT\n
// F is a whole line or a line's last part, P a part that goes on in the next record. A line that
// has not ended yet is kept, so an idle stream holds at most one record and usually nothing.
// Source: Kubernetes CRI logging design, "log format"; kubelet's parseCRILog.
class RecordCutter {
 public:
  explicit RecordCutter(LogStream stream) : stream_(stream) {}

  // Appends the records that `bytes` completes to `out`.
  void Feed(std::string_view bytes, std::int64_t now_ns, std::string& out);
  // The stream has ended: a line without its end becomes a record all the same.
  void Finish(std::int64_t now_ns, std::string& out);

 private:
  void Emit(std::string_view text, char tag, std::string_view time, std::string& out) const;

  LogStream stream_;
  std::string pending_;  // at most kMaxRecordBytes, no line end
};

}  // namespace caisson::keeper
