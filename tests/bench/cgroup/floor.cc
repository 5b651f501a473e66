// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/cgroup/floor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/strings.h"

namespace caisson::bench {
namespace {

void Must(bool done, const std::string& what) {
  if (done) return;
  perror(what.c_str());
  exit(1);
}

void Put(const std::string& path, std::string_view value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  Must(::write(fd, value.data(), value.size()) >= 0, path);
  ::close(fd);
}

void Copy(const std::string& from, const std::string& to) {
  char text[256];
  const int fd = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  Must(fd >= 0, from);
  const ssize_t size = ::read(fd, text, sizeof text);
  Must(size > 0, from);
  ::close(fd);
  Put(to, {text, static_cast<std::size_t>(size)});
}

}  // namespace

void FloorBirth(const cgroup::Layout& layout, const std::string& name, pid_t pid) {
  for (const cgroup::Hierarchy& hierarchy : layout.hierarchies) {
    const std::string path = StrCat(hierarchy.mount, "/", name);
    Must(::mkdir(path.c_str(), 0755) == 0, path);
    if (hierarchy.Has("cpuset")) {
      for (const char* file : {"/cpuset.cpus", "/cpuset.mems"})
        Copy(hierarchy.mount + file, path + file);
    }
    Put(path + "/cgroup.procs", StrCat(pid));
  }
}

void FloorDeath(const cgroup::Layout& layout, const std::string& name) {
  for (const cgroup::Hierarchy& hierarchy : layout.hierarchies) {
    const std::string path = StrCat(hierarchy.mount, "/", name);
    Must(::rmdir(path.c_str()) == 0, path);
  }
}

}  // namespace caisson::bench
