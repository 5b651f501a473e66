// SPDX-License-Identifier: Apache-2.0
//
// peak COMMAND...: runs it and prints the largest resident set, in KiB, of any one process of it. A
// process begins with the peak of whoever forked it, so that has to be smaller than what is
// measured: this program is, an interpreter is not. Source: getrusage(2), ru_maxrss; exec_mmap() in
// the kernel.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv, char** envp) {
  if (argc < 2) return fprintf(stderr, "usage: peak COMMAND...\n"), 2;
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int err = posix_spawnp(&pid, argv[1], &quiet, nullptr, argv + 1, envp);
  if (err != 0) return fprintf(stderr, "peak: %s: %s\n", argv[1], strerror(err)), 127;
  int status = 0;
  rusage usage{};
  if (wait4(pid, &status, 0, &usage) < 0) return perror("wait4"), 1;
  printf("%ld\n", usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
