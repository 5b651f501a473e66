// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/cli/command.h"
#include "runtime/criu/command.h"

namespace caisson::cli {

// Rows that checkpoint and restore have in common, for use in a table.
#define CAISSON_CRIU_OPTIONS                                                                      \
  {"image-path", "DIR", "the image (default: checkpoint in the current directory)"},              \
      {"work-path", "DIR", "criu's logs (default: the image's directory)"},                       \
      {"tcp-established", "", "with open TCP connections"},                                       \
      {"ext-unix-sk", "", "with Unix sockets to the outside"},                                    \
      {"shell-job", "", "with a session or terminal of the outside"},                             \
      {"file-locks", "", "with file locks"}, {"lazy-pages", "", "move memory on demand"},         \
      {"manage-cgroups-mode", "MODE", "the cgroups below: soft (default), full, strict, ignore"}, \
      {"empty-ns", "NAMESPACE", "leave this one empty: network"},                                 \
      {"auto-dedup", "", "free pages of earlier images that later ones hold"}, {                  \
    "help", "", "show this help", 'h'                                                             \
  }

// Fills in what those options say. Errors: kInvalidSpec naming the option.
Status ReadCriuOptions(const Invocation& invocation, criu::Options& options);

}  // namespace caisson::cli
