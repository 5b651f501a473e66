// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"

namespace caisson::cli {
namespace {

constexpr const Command* kCommands[] = {
    &kCreate, &kDelete, &kDoctor, &kEvents,     &kExec,    &kFeatures, &kKill,
    &kList,   &kPause,  &kPs,     &kResume,     &kRun,     &kSpec,     &kStart,
    &kState,  &kTrace,  &kUpdate, &kCheckpoint, &kRestore,
};

constexpr Option kGlobalOptions[] = {
    {"root", "DIR", "root directory for storage of container state (default: /run/caisson)"},
    {"log", "FILE", "where log lines go (default: standard error)"},
    {"log-format", "FORMAT", "the format of log lines: text or json (default: text)"},
    {"debug", "", "log more"},
    {"systemd-cgroup", "", "let systemd make the cgroups; cgroupsPath is then slice:prefix:name"},
    {"cgroup-manager", "MANAGER", "cgroupfs, systemd or disabled (default: cgroupfs)"},
    {"rootless", "VALUE", "whether to go without privileges on the host: auto, true or false"},
    {"trace", "FILE", "append a line for each point of the container's life"},
    {"criu", "PATH", "the program criu (default: looked for in PATH)"},
    {"help", "", "show this help", 'h'},
    {"version", "", "print the version", 'v'},
};

}  // namespace

std::span<const Command* const> Commands() { return kCommands; }

const Command* FindCommand(std::string_view name) {
  for (const Command* const command : kCommands)
    if (command->name == name) return command;
  return nullptr;
}

std::span<const Option> GlobalOptions() { return kGlobalOptions; }

}  // namespace caisson::cli
