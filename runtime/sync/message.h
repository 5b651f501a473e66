// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace caisson::sync {

// What init does, in this order; a phase that the plan does not need is empty. A failure names its
// phase, and the parent turns the number into words.
enum class Phase : std::uint8_t {
  kNone,
  kStage1,          // stage 1 only: joins, then clones init
  kWaitParent,      // the parent joins cgroups and writes id maps
  kJoin,            // setns(2) into namespaces of others
  kIdentity,        // root of the user namespace
  kSession,         // setsid, keyring, no tracing
  kRoot,            // propagation, root attached
  kMounts,          // mounts, devices, links
  kRuntimeHooks,    // the parent runs prestart and createRuntime
  kContainerHooks,  // createContainer
  kTurnRoot,        // pivot_root
  kConsole,         // terminal
  kProtect,         // masked and read-only paths, read-only root
  kSystem,          // hostname, domainname, loopback, sysctl
  kScheduling,      // cpu affinity, scheduler, io priority, memory policy, personality
  kResolve,         // the program is there
  kGate,            // waits for start
  kStartHooks,      // startContainer
  kLsm,             // AppArmor, SELinux
  kLimits,          // rlimits
  kUser,            // capabilities, ids, groups, umask
  kWorkDir,         // cwd, verified
  kDescriptors,     // 0, 1, 2 and passed ones in place, all others close at execve
  kSeccomp,         // no_new_privs, filter
  kExec,            // execve
  kCount,
};
// "mounts", "the program"
std::string_view NameOf(Phase phase);

enum class Type : std::uint8_t {
  kNone,
  // parent or starter -> init
  kContinue,   // cgroups and id maps are in place; value: init's host pid
  kHooksDone,  // prestart and createRuntime ran
  kStart,      // become the user's program
  // init (or stage 1) -> parent or starter
  kPid,            // stage 1: value is init's host pid, with its pidfd
  kHooksWanted,    // namespaces and mounts are there
  kConsole,        // with the terminal's master end
  kCreated,        // all of create is done; init waits for kStart
  kStarting,       // to a starter, as late as can be: execve is next, and then the end
  kSeccompNotify,  // with the listener
  kFailed,         // phase, item, sys_errno; the last packet, at any time
  // Later ones, so that the numbers above stay what `start` of another build knows.
  kMapWanted,  // init -> parent: a mount's detached tree, value: its step; wants its ids mapped
  kMapDone,    // parent -> init: they are
  kCount,
};
std::string_view NameOf(Type type);

// One packet on a SOCK_SEQPACKET connection between init and whoever creates or starts it. Fixed
// size, host byte order. Versioned because `start` may come from a newer build than `create`.
struct Message {
  static constexpr std::uint16_t kMagic = 0xCA15;
  static constexpr std::uint8_t kVersion = 1;

  std::uint16_t magic = kMagic;
  std::uint8_t version = kVersion;
  Type type = Type::kNone;
  Phase phase = Phase::kNone;  // kFailed: where
  std::uint8_t reserved[3] = {};
  std::uint32_t item = 0;      // kFailed: which step of that phase's plan
  std::int32_t sys_errno = 0;  // kFailed: why
  std::int32_t value = 0;
};
static_assert(std::is_trivially_copyable_v<Message> && sizeof(Message) == 20);

}  // namespace caisson::sync
