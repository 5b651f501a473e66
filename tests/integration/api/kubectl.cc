// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/api/kubectl.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/base/run_command.h"

namespace caisson::api {
namespace {

std::string FindProgram() {
  if (const char* named = std::getenv("CAISSON_KUBECTL")) return named;
  const char* path = std::getenv("PATH");
  std::string places = StrCat(CAISSON_BUILT_KUBECTL_DIR, ":", path == nullptr ? "/usr/bin" : path);
  for (const std::string_view place : Split(places, ':')) {
    const std::string candidate = StrCat(place, "/kubectl");
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace

Kubectl::Kubectl(std::uint16_t port) : port_(port), program_(FindProgram()) {}

std::string Kubectl::Missing() const {
  return program_.empty() ? "kubectl is not here (try: tests/support/kubectl/build)" : "";
}

Command Kubectl::CommandFor(std::vector<std::string> args) const {
  Command command;
  command.argv = {program_, "--server", StrCat("http://127.0.0.1:", port_)};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  command.env = std::vector<std::string>{"HOME=" + home_.path(), "PATH=/usr/bin:/bin",
                                         "KUBECONFIG=/dev/null"};
  return command;
}

Kubectl::Output Kubectl::Run(std::vector<std::string> args, const std::string& input) const {
  auto done =
      RunCommand(CommandFor(std::move(args)), input, Deadline::After(std::chrono::seconds(60)));
  if (!done) {
    ADD_FAILURE() << done.error().message();
    return {};
  }
  return {done->status.ShellCode(), std::move(done->out), std::move(done->err)};
}

ChildGuard Kubectl::Start(std::vector<std::string> args, const std::string& out_file) const {
  Command command = CommandFor(std::move(args));
  const UniqueFd out(::open(out_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  command.fds = {{out.get(), 1}, {out.get(), 2}};
  auto child = Spawn(command);
  if (!child) {
    ADD_FAILURE() << child.error().message();
    return {};
  }
  return ChildGuard(*std::move(child));
}

}  // namespace caisson::api
