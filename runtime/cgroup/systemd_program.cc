// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd_program.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <bit>
#include <vector>

#include "runtime/base/strings.h"

namespace caisson::cgroup::systemd {
namespace {

constexpr char kHelper[] = "caisson-systemd";

// The folder of a program, empty when the path names none (any more).
std::string FolderOf(const std::string& program) {
  char* const resolved = ::realpath(program.c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string folder(resolved);
  ::free(resolved);
  folder.resize(folder.rfind('/'));
  return folder;
}

// A program that sealed itself is no file of the host any more as /proc/self/exe sees it, so what
// it was started as counts: the path that execve(2) got and, when that was a descriptor, the word
// that its caller gave it. Source: getauxval(3), AT_EXECFN.
std::vector<std::string> OwnFolders() {
  std::vector<std::string> folders;
  const auto add = [&](const std::string& program) {
    if (std::string folder = FolderOf(program); !folder.empty())
      folders.push_back(std::move(folder));
  };
  add("/proc/self/exe");
  if (const auto* const path = std::bit_cast<const char*>(::getauxval(AT_EXECFN))) add(path);
  const std::string word = ::program_invocation_name;
  if (word.find('/') != word.npos) {
    add(word);
  } else if (const char* const path = ::getenv("PATH")) {
    for (const auto folder : Split(path, ':')) add(StrCat(folder, "/", word));
  }
  return folders;
}

}  // namespace

Result<std::string> FindProgram() {
  std::vector<std::string> places;
  if (const char* const named = ::getenv("CAISSON_SYSTEMD_HELPER")) {
    places = {named};
  } else {
    for (const std::string& folder : OwnFolders()) {
      places.push_back(StrCat(folder, "/", kHelper));
      places.push_back(StrCat(folder, "/../libexec/caisson/", kHelper));
    }
    places.push_back(StrCat("/usr/libexec/caisson/", kHelper));
  }
  for (const std::string& path : places) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return Error(Code::kNotFound,
               StrCat("the systemd driver needs \"",
                      places.size() == 1 ? places.front() : std::string(kHelper), "\""),
               ENOENT)
      .Hint("install it beside this program, or leave --systemd-cgroup out");
}

}  // namespace caisson::cgroup::systemd
