// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/rootfs/rootfs.h"
#include "runtime/spec/config.h"
#include "tests/support/temp_dir.h"

namespace caisson::test {

// A bundle with an empty rootfs, and a way to look at it from inside its namespaces.
class Box {
 public:
  Box();

  // What runs inside: its text is the result. It is the only process of its pid namespace, in a
  // copy of this program, so that lambdas can use what the test captured; they must not use gtest.
  using Inside = std::function<std::string()>;

  struct Outcome {
    std::optional<Error> error;  // of the plan or of a child function, explained
    std::string text;
  };
  // Plans `config`, enters new namespaces, runs the child functions and then `inside`.
  Outcome Run(const Inside& inside);
  // The same, and fails the test when there is an error.
  std::string Look(const Inside& inside);
  // The error's text with its hint; fails the test when there is none.
  Error Refusal(const Inside& inside = {});

  void Mount(spec::Mount mount) { config.mounts.push_back(std::move(mount)); }
  std::string Rootfs(std::string_view name) const { return dir / StrCat("rootfs/", name); }

  TempDir dir;
  spec::Config config;
  std::uint64_t namespaces;       // CLONE_NEW*
  rootfs::RootfsContext context;  // `bundle` is set; moved from by each run
  Inside before_pivot;            // runs where hooks would
  bool protect = true;

 private:
  rootfs::RootfsContext TakeContext();
};

// A tmpfs on the host, gone with the object. MS_* flags, and MS_SHARED and the like.
class HostMount {
 public:
  HostMount(std::string path, unsigned long flags, unsigned long propagation);
  HostMount(const HostMount&) = delete;
  HostMount& operator=(const HostMount&) = delete;
  ~HostMount();

 private:
  std::string path_;
};

// The first id of the host that a user namespace of Box maps to; it maps 65536.
inline constexpr unsigned kFirstHostId = 100000;

// Helpers for the inside, plain C underneath.
// Lines of /proc/self/mountinfo as "<mount point> <options> <optional fields> <type> <source>".
std::string Mountinfo();
std::string MountLine(const std::string& mount_point);  // the last one there, empty if none
std::string ReadAll(const std::string& path);           // or "errno <name>"
std::string WriteTo(const std::string& path, const std::string& bytes);  // "ok" or "errno <name>"
std::string Describe(const std::string& path);    // lstat: "c 1:3 666 0:0", "d 755 0:0", "l target"
std::string Names(const std::string& directory);  // sorted, separated by spaces

}  // namespace caisson::test
