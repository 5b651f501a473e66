// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::test {

// An empty directory under /tmp that is removed with all it holds.
class TempDir {
 public:
  TempDir() {
    char pattern[] = "/tmp/caisson-test-XXXXXX";
    if (::mkdtemp(pattern) == nullptr) ADD_FAILURE() << "mkdtemp: " << pattern;
    path_ = pattern;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    if (Status removed = RemoveTree(kCwd, path_); !removed)
      ADD_FAILURE() << removed.error().message();
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return StrCat(path_, "/", name); }
  UniqueFd Open() const {
    return UniqueFd(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void Write(const std::string& name, std::string_view bytes) const {
    const auto folder = name.rfind('/');
    if (folder != std::string::npos) (void)MakeDirs(*this / name.substr(0, folder), 0755);
    const UniqueFd dir = Open();
    const Status done = AtomicWriteAt(dir, name, bytes, 0644, Durability::kThisBoot);
    if (!done) ADD_FAILURE() << done.error().message();
  }
  std::string Read(const std::string& name) const {
    auto text = ReadFile(*this / name);
    if (!text) ADD_FAILURE() << text.error().message();
    return text ? *text : std::string();
  }

 private:
  std::string path_;
};

}  // namespace caisson::test
