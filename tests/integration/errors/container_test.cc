// SPDX-License-Identifier: Apache-2.0
// What goes wrong while a container comes into being: each sentence says the step, the object, the
// errno and, where there is one, the remedy.
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "tests/integration/errors/fixture.h"

namespace caisson::test {
namespace {

using spec::Config;
using spec::NamespaceType;
using testing::HasSubstr;

using ContainerErrors = Sentences;

auto Program(std::string path) {
  return [path](Config& c) { c.process->args = {path}; };
}

TEST_F(ContainerErrors, Programs) {
  bundle_.dir().Write("rootfs/tmp/script", "#!/no/such/interpreter\n");
  bundle_.dir().Write("rootfs/tmp/data", "\x01\x02");
  bundle_.dir().Write("rootfs/tmp/plain", "");
  for (const char* name : {"script", "data"})
    ASSERT_EQ(::chmod((bundle_.RootPath("tmp/") + name).c_str(), 0755), 0);

  Expect({
      {"not in PATH", Program("nope"),
       "exec: \"nope\": executable file not found in $PATH (try: install it in the image, or give "
       "its path in process.args[0])"},
      {"no file", Program("/bin/nope"),
       "exec: \"/bin/nope\": stat /bin/nope: no such file or directory (try: install it in the "
       "image, or correct process.args[0])"},
      {"no x bit", Program("/tmp/plain"),
       "exec: \"/tmp/plain\": permission denied (try: it must be a file with the x bit, on a mount "
       "without noexec)"},
      {"directory", Program("/tmp"),
       "exec: \"/tmp\": permission denied (try: it must be a file with the x bit, on a mount "
       "without noexec)"},
      {"no interpreter", Program("/tmp/script"),
       "exec /tmp/script: no such file or directory (try: the file is there, so its interpreter or "
       "ELF loader is not: install it, or link statically)"},
      {"no format", Program("/tmp/data"),
       "exec /tmp/data: exec format error (try: built for another architecture, or a script "
       "without a #! line)"},
  });
}

TEST_F(ContainerErrors, UsersAndRights) {
  bundle_.dir().Write("rootfs/tmp/root-only", "#!/bin/sh\n");
  ASSERT_EQ(::chmod(bundle_.RootPath("tmp/root-only").c_str(), 0700), 0);
  const auto mapped = [](std::uint32_t first, std::uint32_t uid) {
    return [first, uid](Config& c) {
      c.linux.namespaces.push_back({NamespaceType::kUser, ""});
      c.linux.uid_mappings = c.linux.gid_mappings = {{first, 100000, 1000}};
      c.process->user.uid = uid;
    };
  };
  Expect({
      {"other's file",
       [](Config& c) {
         c.process->args = {"/tmp/root-only"};
         c.process->user.uid = 1000;
       },
       "exec /tmp/root-only: permission denied (try: process.user may not execute it, or it lies "
       "on a mount with noexec)"},
      {"unmapped uid", mapped(0, 5000),
       "process.user.uid: setresuid \"5000\": Invalid argument (EINVAL) (try: map the id in "
       "linux.uidMappings and linux.gidMappings)"},
      {"unmapped root", mapped(1, 1),
       "setresuid \"root of the user namespace\": Invalid argument (EINVAL) (try: map container "
       "id 0 in linux.uidMappings and linux.gidMappings)"},
  });
}

TEST_F(ContainerErrors, KernelParametersThatTheKernelRefuses) {
  const auto sysctl = [](std::string key, std::string value) {
    return [key, value](Config& c) { c.linux.sysctl = {{key, value}}; };
  };
  Expect({
      {"value", sysctl("net.ipv4.ip_forward", "many"),
       "linux.sysctl \"net.ipv4.ip_forward\": write \"/proc/sys/net/ipv4/ip_forward\": Invalid "
       "argument (EINVAL) (try: the kernel does not take this value)"},
      {"key", sysctl("net.ipv4.nope", "1"),
       "linux.sysctl \"net.ipv4.nope\": write \"/proc/sys/net/ipv4/nope\": No such file or "
       "directory (ENOENT) (try: this kernel does not have it: load its module)"},
      {"time",
       [](Config& c) {
         c.linux.namespaces.push_back({NamespaceType::kTime, ""});
         c.linux.time_offsets = {{"boottime", -99'999'999'999, 0}};
       },
       "linux.timeOffsets: write \"/proc/self/timens_offsets\": Numerical result out of range "
       "(ERANGE) (try: choose offsets that keep each clock above zero)"},
      {"memory nodes",
       [](Config& c) {
         c.linux.memory_policy = {"MPOL_BIND", "63", {}};
       },
       "linux.memoryPolicy: set_mempolicy \"mode 2\": Invalid argument (EINVAL) (try: name memory "
       "nodes that exist and that the cpuset allows)"},
  });
}

TEST_F(ContainerErrors, RightsThatTheRuntimeItselfLacks) {
  const auto status = ReadFile("/proc/self/status");
  ASSERT_TRUE(status);
  const auto at = status->find("CapBnd:\t");
  const auto bounding = std::stoull(status->substr(at + 8, 16), nullptr, 16);
  constexpr int kSysResource = 24;
  if ((bounding >> kSysResource & 1) != 0) GTEST_SKIP() << "this host has CAP_SYS_RESOURCE";
  Expect({
      {"capability",
       [](Config& c) {
         auto& sets = c.process->capabilities.emplace();
         sets.bounding = sets.permitted = sets.effective = {"CAP_KILL", "CAP_SYS_RESOURCE"};
       },
       "process.capabilities: capset \"CAP_SYS_RESOURCE\": Operation not permitted (EPERM) (try: "
       "ask only for capabilities that the runtime itself has (CapPrm in /proc/self/status))"},
      {"limit",
       [](Config& c) {
         c.process->rlimits = {{"RLIMIT_NOFILE", 99999999, 99999999}};
       },
       "process.rlimits[0] (soft 99999999, hard 99999999): setrlimit \"RLIMIT_NOFILE\": Operation "
       "not permitted (EPERM) (try: stay below the runtime's own hard limit (/proc/self/limits), "
       "or give it CAP_SYS_RESOURCE)"},
      {"oom score", [](Config& c) { c.process->oom_score_adj = -1000; },
       "process.oomScoreAdj -1000: write \"/proc/self/oom_score_adj\": Permission denied (EACCES) "
       "(try: going below the runtime's own score takes CAP_SYS_RESOURCE: ask for a higher value)"},
  });
}

TEST_F(ContainerErrors, LabelsOfModulesThatAreOff) {
  if (::access("/sys/kernel/security/apparmor", F_OK) == 0 ||
      ::access("/sys/fs/selinux/enforce", F_OK) == 0)
    GTEST_SKIP() << "this host has a security module on";
  Expect({
      {"apparmor", [](Config& c) { c.process->apparmor_profile = "docker-default"; },
       "process.apparmorProfile \"docker-default\": AppArmor is not enabled (try: boot with "
       "apparmor=1 security=apparmor, or remove the profile)"},
      {"selinux", [](Config& c) { c.process->selinux_label = "a:b:c"; },
       "process.selinuxLabel \"a:b:c\": SELinux is not enabled (try: boot with selinux=1, or "
       "remove the label)"},
  });
}

TEST_F(ContainerErrors, FiltersThatForbidTheStart) {
  const auto profile = [](spec::SeccompSyscall rule, std::string listener = {}) {
    return [rule, listener](Config& c) {
      c.linux.seccomp = spec::Seccomp{
          .default_action = "SCMP_ACT_ALLOW", .listener_path = listener, .syscalls = {rule}};
    };
  };
  Expect({
      {"execve", profile({.names = {"execve"}, .action = "SCMP_ACT_ERRNO"}),
       "exec /bin/true: operation not permitted (try: the seccomp profile must allow execve, or a "
       "label forbids it)"},
      {"listener", profile({.names = {"mkdir"}, .action = "SCMP_ACT_NOTIFY"}, "/nowhere"),
       "linux.seccomp.listenerPath: failed to connect with seccomp agent: connect \"/nowhere\": No "
       "such file or directory (ENOENT)"},
  });
}

TEST_F(ContainerErrors, HooksSayTheirNumberEndAndLastWords) {
  const auto shell = [](std::string script) {
    return spec::Hook{.path = "/bin/sh", .args = {"sh", "-c", script}};
  };
  Expect({
      {"prestart", [](Config& c) { c.hooks.prestart = {{.path = "/no/hook"}}; },
       "error running prestart hook #0: error running hook /no/hook: run \"/no/hook\": No such "
       "file or directory "
       "(ENOENT)"},
      {"createRuntime",
       [&](Config& c) {
         c.hooks.create_runtime = {shell("true"), shell("echo no net >&2; exit 3")};
       },
       "error running createRuntime hook #1: error running hook /bin/sh: exit status 3, it said: "
       "no net"},
      {"createContainer",
       [&](Config& c) { c.hooks.create_container = {shell("echo no gpu >&2; exit 4")}; },
       "error running createContainer hook #0: error running hook /bin/sh: exit status 4, it said: "
       "no gpu"},
      {"startContainer",
       [&](Config& c) { c.hooks.start_container = {shell("echo not me >&2; exit 5")}; },
       "error running startContainer hook #0: error running hook /bin/sh: exit status 5, it said: "
       "not me"},
      {"timeout",
       [&](Config& c) {
         c.hooks.create_runtime = {shell("exec sleep 60")};
         c.hooks.create_runtime[0].env = {"PATH=/bin:/usr/bin"};
         c.hooks.create_runtime[0].timeout_s = 1;
       },
       "error running createRuntime hook #0: error running hook /bin/sh: hook ran past specified "
       "timeout of 1s (try: "
       "raise the hook's timeout, or let it do its work in the background)"},
  });
}

TEST_F(ContainerErrors, Mounts) {
  bundle_.dir().Write("rootfs/etc/passwd", "");
  const auto mount = [](spec::Mount added) {
    return [added](Config& c) { c.mounts.push_back(added); };
  };
  const std::size_t next = bundle_.config().mounts.size();
  Expect({
      {"source",
       mount({.destination = "/x", .type = "bind", .source = "/nowhere", .options = {"bind"}}),
       StrCat("mount #", next,
              " bind on \"/x\": open_tree \"/nowhere\": No such file or directory "
              "(ENOENT) (try: create the source, or correct its path)")},
      {"type", mount({.destination = "/x", .type = "nopefs", .source = "x"}),
       StrCat("mount #", next,
              " nopefs on \"/x\": fsopen \"nopefs\": No such device (ENODEV) "
              "(try: load the file system's kernel module, or correct the mount's type)")},
      {"destination", mount({.destination = "/etc/passwd/x", .type = "tmpfs", .source = "x"}),
       StrCat("mount #", next,
              " tmpfs on \"/etc/passwd/x\": openat2 \"/etc/passwd/x\": Not a "
              "directory (ENOTDIR) (try: make every part of the destination a directory in the "
              "image)")},
      {"root", [](Config& c) { c.root->path = "nowhere"; },
       "root.path: open_tree \"{bundle}/nowhere\": No such file or directory (ENOENT) (try: create "
       "the source, or correct its path)"},
  });
}

TEST_F(ContainerErrors, InitThatFailsAtOnceIsHeardEveryTime) {
  bundle_.Args({"/bin/nope"});
  for (int i = 0; i < 30; ++i) {
    const CommandOutput ran = Plain({"run", "-b", bundle_.path(), caisson_.Id("again")});
    ASSERT_THAT(ran.err, HasSubstr("exec: \"/bin/nope\": stat /bin/nope")) << i;
  }
}

}  // namespace
}  // namespace caisson::test
