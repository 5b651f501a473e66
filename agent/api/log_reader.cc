// SPDX-License-Identifier: Apache-2.0
#include "agent/api/log_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "agent/pod_spec/pod.h"
#include "runtime/base/path.h"

namespace caisson::api {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
// A line without an end that is longer than this is no log of ours: it is passed on in pieces.
constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

Result<std::size_t> ReadAt(const UniqueFd& file, std::string& block, off_t offset) {
  const ssize_t size = TEMP_FAILURE_RETRY(::pread(file.get(), block.data(), block.size(), offset));
  if (size < 0) return SysError("pread", "container log");
  return static_cast<std::size_t>(size);
}

}  // namespace

Status LogReader::SeekToTail() {
  if (!query_.tail_lines) return Ok();
  const off_t size = ::lseek(file_.get(), 0, SEEK_END);
  if (size < 0) return SysError("lseek", "container log");
  std::int64_t wanted = *query_.tail_lines;
  off_t start = wanted == 0 ? size : 0;
  std::string block(kBlockBytes, '\0');
  for (off_t end = size; end > 0 && wanted > 0;) {
    const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(kBlockBytes));
    block.resize(static_cast<std::size_t>(end - begin));
    CAISSON_ASSIGN(const std::size_t got, ReadAt(file_, block, begin));
    for (std::size_t i = got; i > 0 && wanted > 0; --i) {
      const off_t at = begin + static_cast<off_t>(i) - 1;
      // The line end at the very end belongs to the last line.
      if (block[i - 1] != '\n' || at == size - 1) continue;
      if (--wanted == 0) start = at + 1;
    }
    end = begin;
  }
  if (::lseek(file_.get(), start, SEEK_SET) < 0) return SysError("lseek", "container log");
  return Ok();
}

Result<std::string> LogReader::ReadMore() {
  std::string out;
  std::string block(kBlockBytes, '\0');
  while (out.empty() && !exhausted()) {
    const ssize_t size = TEMP_FAILURE_RETRY(::read(file_.get(), block.data(), block.size()));
    if (size < 0) return SysError("read", "container log");
    if (size == 0) return out;
    partial_.append(block.data(), static_cast<std::size_t>(size));
    std::size_t start = 0;
    for (std::size_t end = partial_.find('\n'); end != std::string::npos && !exhausted();
         end = partial_.find('\n', start)) {
      AppendLine(std::string_view(partial_).substr(start, end - start), out);
      start = end + 1;
    }
    partial_.erase(0, start);
    if (partial_.size() > kMaxLineBytes) {
      AppendLine(partial_, out);
      partial_.clear();
    }
  }
  return out;
}

void LogReader::AppendLine(std::string_view line, std::string& out) {
  const auto time_end = line.find(' ');
  const auto stream_end = time_end == line.npos ? line.npos : line.find(' ', time_end + 1);
  const auto tag_end = stream_end == line.npos ? line.npos : line.find(' ', stream_end + 1);
  if (tag_end == line.npos) return;  // not a line of the format: a torn write
  const std::string_view time = line.substr(0, time_end);
  const std::string_view tag = line.substr(stream_end + 1, tag_end - stream_end - 1);
  const bool partial = tag.starts_with('P');
  const bool continued = std::exchange(inside_message_, partial);
  if (!query_.since.empty() && time < query_.since) return;
  std::string text;
  if (query_.timestamps && !continued) text.append(time).push_back(' ');
  text.append(line.substr(tag_end + 1));
  if (!partial) text.push_back('\n');
  if (query_.limit_bytes) {
    const auto left = static_cast<std::size_t>(*query_.limit_bytes - sent_bytes_);
    if (text.size() > left) text.resize(left);
  }
  sent_bytes_ += static_cast<std::int64_t>(text.size());
  out += text;
}

void LogReader::Continue(UniqueFd file) {
  file_ = std::move(file);
  partial_.clear();
}

Result<LogFile> OpenLog(const std::string& log_dir, const store::Object& pod,
                        const LogQuery& query) {
  LogFile log;
  log.folder =
      StrCat(log_dir, "/", pod.key.ns, "_", pod.key.name, "_", pod.uid, "/", query.container);
  std::vector<std::int32_t> restarts;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(log.folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".log")) continue;
    if (const auto number =
            ParseInt<std::int32_t>(std::string_view(name).substr(0, name.size() - 4)))
      restarts.push_back(*number);
  }
  std::sort(restarts.begin(), restarts.end(), std::greater<>());
  const std::size_t wanted = query.previous ? 1 : 0;
  if (restarts.size() <= wanted)
    return Error(Code::kNotFound, StrCat("no log of container \"", query.container, "\""));
  log.restart = restarts[wanted];
  log.name = StrCat(log.restart, ".log");
  // The container's own files are elsewhere: nothing it does can put a link here.
  CAISSON_ASSIGN(log.file, OpenAt(kCwd, StrCat(log.folder, "/", log.name), O_RDONLY | O_NOFOLLOW));
  return log;
}

}  // namespace caisson::api
