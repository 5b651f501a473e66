// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "agent/daemon/config.h"
#include "agent/daemon/daemon.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"

namespace {

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

int Print(const std::string& text) {
  // A full disk behind a redirection must not look like success.
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  using caisson::daemon::Action;
  const auto invocation = caisson::daemon::ReadInvocation(
      std::vector<std::string>(argv + 1, argv + argc), Environment());
  if (!invocation) {
    (void)std::fprintf(stderr, "caissond: %s\n", invocation.error().ToString().c_str());
    return 1;
  }
  caisson::SetLog({.level = invocation->config.log_level, .format = invocation->config.log_format});
  caisson::Status done = caisson::Ok();
  switch (invocation->action) {
    case Action::kHelp: return Print(caisson::daemon::HelpText());
    case Action::kVersion: return Print("caissond " CAISSON_VERSION "\n");
    case Action::kPrintConfig: return Print(caisson::daemon::ToYaml(invocation->config));
    case Action::kCleanup: done = caisson::daemon::Cleanup(invocation->config); break;
    case Action::kRun:
      done = caisson::daemon::RunAgent(invocation->config, invocation->ready_fd);
      break;
  }
  if (!done) caisson::Log(caisson::LogLevel::kError, done.error().ToString());
  return done ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "caissond: internal error: %s\n", error.what());
    return 1;
  }
}
