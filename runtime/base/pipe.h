// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// Close-on-exec. Source: pipe2(2).
inline Result<Pipe> MakePipe(std::string_view owner) {
  int raw[2];
  if (::pipe2(raw, O_CLOEXEC) < 0) return SysError("pipe", owner);
  return Pipe{UniqueFd(raw[0]), UniqueFd(raw[1])};
}

}  // namespace caisson
