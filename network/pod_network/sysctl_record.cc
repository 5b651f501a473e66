// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/sysctl_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr char kFile[] = "sysctls";

std::string PathOf(const std::string& name) { return StrCat("/proc/sys/", name); }

std::string Dotted(std::string name) {
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

Result<std::string> ReadSysctl(const std::string& name) {
  CAISSON_ASSIGN(const std::string text, ReadFile(PathOf(name)));
  return std::string(Trim(text));
}

}  // namespace

Status WriteSysctl(const std::string& name, const std::string& value) {
  CAISSON_ASSIGN(const std::string now, ReadSysctl(name));
  if (now == value) return Ok();
  if (Status written = WriteFileAt(kCwd, PathOf(name), value); !written) {
    return std::move(written).error().Hint(
        StrCat("run on the node: sysctl -w ", Dotted(name), "=", value));
  }
  return Ok();
}

// One change a line: name, value before, value set; the first line is the boot id. Values of the
// sysctls that we touch are numbers.
Result<SysctlRecord> SysctlRecord::Open(const std::string& directory, const std::string& boot_id) {
  CAISSON_ASSIGN(UniqueFd dir, OpenAt(kCwd, directory, O_PATH | O_DIRECTORY));
  SysctlRecord record(std::move(dir), boot_id);
  const auto text = ReadFileAt(record.directory_, kFile);
  if (!text && text.error().code() != Code::kNotFound) return text.error();
  if (!text) return record;
  const auto lines = Split(*text, '\n');
  if (lines.front() != boot_id) return record;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto words = Split(lines[i], ' ');
    if (words.size() != 3) continue;
    record.changes_.push_back(
        {std::string(words[0]), std::string(words[1]), std::string(words[2])});
  }
  return record;
}

Status SysctlRecord::Save() const {
  std::string text = StrCat(boot_id_, "\n");
  for (const Change& change : changes_)
    text += StrCat(change.name, " ", change.before, " ", change.set, "\n");
  return AtomicWriteAt(directory_, kFile, text, 0600, Durability::kThisBoot);
}

Status SysctlRecord::Set(const std::string& name, const std::string& value) {
  CAISSON_ASSIGN(const std::string now, ReadSysctl(name));
  if (now == value) return Ok();
  const auto known = std::find_if(changes_.begin(), changes_.end(),
                                  [&](const Change& change) { return change.name == name; });
  if (known == changes_.end()) {
    changes_.push_back({name, now, value});
    CAISSON_TRY(Save());
  }
  return WriteSysctl(name, value);
}

Status SysctlRecord::Restore() {
  for (const Change& change : changes_) {
    CAISSON_ASSIGN(const std::string now, ReadSysctl(change.name));
    if (now == change.set) CAISSON_TRY(WriteSysctl(change.name, change.before));
  }
  changes_.clear();
  if (::unlinkat(directory_.get(), kFile, 0) < 0 && errno != ENOENT)
    return SysError("unlink", kFile);
  return Ok();
}

}  // namespace caisson::network
