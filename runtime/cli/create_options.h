// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/cli/command.h"

namespace caisson::cli {

inline constexpr std::string_view kPreserveHelp =
    "pass N more file descriptors to the process (after 0, 1 and 2)";

// Rows that create and run have in common, for use in a table.
#define CAISSON_CREATE_OPTIONS                                                                 \
  {"bundle", "DIR", "path to the bundle (default: the current directory)", 'b'},               \
      {"config", "FILE", "the configuration, in place of the bundle's config.json", 'f'},      \
      {"console-socket", "PATH", "AF_UNIX socket that gets the terminal's master descriptor"}, \
      {"pidfd-socket", "PATH", "AF_UNIX socket that gets a pidfd of the container's process"}, \
      {"pid-file", "FILE", "write the process id to this file"},                               \
      {"no-pivot", "", "do not use pivot_root (on a ramdisk)"},                                \
      {"no-new-keyring", "", "do not make a session keyring for the container"},               \
      {"preserve-fds", "N", kPreserveHelp, 0, {}, true}, {                                     \
    "help", "", "show this help", 'h'                                                          \
  }

// Fills in what those options say. Relative paths count from the working directory.
// Errors: kInvalidSpec.
Result<container::CreateOptions> MakeCreateOptions(const Invocation& invocation);

// NOTIFY_SOCKET of the environment; empty: none.
std::string NotifySocket();

// A path of the command line, absolute; empty stays empty.
Result<std::string> AbsolutePath(const std::string& path);

// Descriptors from 3 on that LISTEN_FDS counts.
struct ListenFds {
  int count = 0;
  bool promised = true;  // every one of them is open
};

// --preserve-fds, with every descriptor seen to be the caller's. `sockets` are counted in, before.
// Errors: kInvalidSpec naming one that is not.
Result<int> PreservedFds(const Parsed& options, const ListenFds& sockets);

}  // namespace caisson::cli
