// SPDX-License-Identifier: Apache-2.0
#include "tests/support/in_child.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>

#include <cstring>

namespace caisson::test {
namespace {

ExitStatus Reap(pid_t child) {
  int raw = 0;
  if (TEMP_FAILURE_RETRY(::waitpid(child, &raw, 0)) != child) ADD_FAILURE() << "waitpid";
  ExitStatus status;
  if (WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
  if (WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
  return status;
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = TEMP_FAILURE_RETRY(::read(fd, buffer, sizeof buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

}  // namespace

ChildResult InChild(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "pipe2: " << std::strerror(errno);
    return {};
  }
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) ADD_FAILURE() << "fork: " << std::strerror(errno);
  if (child == 0) {
    const std::string said = body();
    const bool told = said.empty() || ::write(ends[1], said.data(), said.size()) > 0;
    ::_exit(told ? 0 : 99);
  }
  write_end.Reset();
  ChildResult result;
  result.said = ReadAll(read_end.get());
  result.status = Reap(child);
  return result;
}

ChildResult InNamespaces(int clone_flags, const std::function<std::string()>& body) {
  return InChild([&]() -> std::string {
    if (::unshare(clone_flags) != 0) return StrCat("unshare: ", std::strerror(errno));
    return body();
  });
}

}  // namespace caisson::test
