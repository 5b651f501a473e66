// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "agent/keeper/nursery.h"
#include "agent/keeper/small_root.h"
#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/log.h"

namespace {

constexpr std::string_view kUsage =
    "caisson-keeper keeps pods: it holds a pod's namespaces, is the parent of its containers and\n"
    "writes their logs. caissond starts it; there is nothing to do with it by hand.\n"
    "usage: caisson-keeper --cgroup-root DIR --own-cgroup PATH [--visible DIR]...\n";

// Executed once more from inside the small root: nothing of the agent's mounts stays in use.
constexpr char kServeFlag[] = "--serve";

caisson::Status Prepare(const caisson::keeper::NurseryOptions& options) {
  CAISSON_TRY(caisson::keeper::PrepareNursery(options));
  std::string name = "caisson-keeper";
  std::string serve = kServeFlag;
  char* const argv[] = {name.data(), serve.data(), nullptr};
  ::execv(caisson::keeper::kProgramInSmallRoot, argv);
  return caisson::SysError("execv", caisson::keeper::kProgramInSmallRoot);
}

int Main(int argc, char** argv) {
  caisson::keeper::NurseryOptions options;
  const bool serve = argc == 2 && std::string_view(argv[1]) == kServeFlag;
  for (int i = 1; i < argc && !serve; i += 2) {
    const std::string_view flag = argv[i];
    if (i + 1 < argc && flag == "--cgroup-root") {
      options.cgroup_root = argv[i + 1];
    } else if (i + 1 < argc && flag == "--own-cgroup") {
      options.own_cgroup = argv[i + 1];
    } else if (i + 1 < argc && flag == "--visible") {
      options.visible.emplace_back(argv[i + 1]);
    } else {
      (void)std::fputs(kUsage.data(), stderr);
      return flag == "--help" ? 0 : 1;
    }
  }
  caisson::UniqueFd requests(caisson::keeper_client::kRequestsFd);
  if (::fcntl(requests.get(), F_GETFD) < 0) {
    (void)requests.Release();  // not an open descriptor: it was not caissond who started us
    (void)std::fputs(kUsage.data(), stderr);
    return 1;
  }
  if (!serve) {
    caisson::keeper::AnnounceNursery(requests, Prepare(options));
    return 1;
  }
  ::fcntl(requests.get(), F_SETFD, FD_CLOEXEC);
  caisson::keeper::AnnounceNursery(requests, caisson::Ok());
  const caisson::Status done = caisson::keeper::RunNursery(std::move(requests));
  if (!done) caisson::Log(caisson::LogLevel::kError, done.error().ToString());
  return done ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "caisson-keeper: internal error: %s\n", error.what());
    return 1;
  }
}
