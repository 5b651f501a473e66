// SPDX-License-Identifier: Apache-2.0
// Mistakes in the configuration: each sentence names the member.
#include "tests/integration/errors/fixture.h"

namespace caisson::test {
namespace {

using spec::Config;
using spec::NamespaceType;

using Configuration = Sentences;

TEST_F(Configuration, DocumentThatIsNotOne) {
  bundle_.dir().Write("config.json",
                      "{\"ociVersion\": \"1.0.2\",\n \"process\": {\"cwd\": \"/\" \"env\": []}}");
  const CommandOutput ran = Plain({"run", "-b", bundle_.path(), caisson_.Id("json")});
  EXPECT_EQ(ran.err,
            InBundle("{bundle}/config.json: parse error at line 2, column 29: syntax error while "
                     "parsing object - unexpected string literal; expected '}'\n"));

  bundle_.dir().Write("config.json", "{\"ociVersion\": \"1.0.2\", \"process\": {\"args\": \"x\"}}");
  EXPECT_EQ(Plain({"run", "-b", bundle_.path(), caisson_.Id("json")}).err,
            InBundle("{bundle}/config.json: process.args: must be a list, not \"x\"\n"));
  bundle_.dir().Write("config.json", "{}");
  EXPECT_EQ(Plain({"run", "-b", bundle_.path(), caisson_.Id("json")}).err,
            InBundle("{bundle}/config.json: ociVersion: is required\n"));
}

TEST_F(Configuration, Process) {
  Expect({
      {"args", [](Config& c) { c.process->args.clear(); },
       "process.args: must name at least the program"},
      {"cwd", [](Config& c) { c.process->cwd = "srv"; },
       "process.cwd: \"srv\" is not an absolute path"},
      {"env", [](Config& c) { c.process->env = {"NOEQ"}; },
       "process.env[0]: \"NOEQ\" is not of the form NAME=value"},
      {"umask", [](Config& c) { c.process->user.umask = 01000; },
       "process.user.umask: 512 is above 0777 (511)"},
      {"rlimit",
       [](Config& c) {
         c.process->rlimits = {{"RLIMIT_CORE", 1, 2}};
       },
       "process.rlimits[0].soft: 2 is above the hard limit 1"},
      {"oom score", [](Config& c) { c.process->oom_score_adj = 1001; },
       "process.oomScoreAdj: 1001 is not between -1000 and 1000"},
      {"nice", [](Config& c) { c.process->scheduler = {.policy = "SCHED_OTHER", .nice = 50}; },
       "process.scheduler.nice: 50 is not between -20 and 19"},
      {"io class",
       [](Config& c) {
         c.process->io_priority = {"IOPRIO_CLASS_X", 1};
       },
       "process.ioPriority.class: \"IOPRIO_CLASS_X\" is not one of IOPRIO_CLASS_RT, "
       "IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE"},
  });
}

TEST_F(Configuration, NamespacesAndIds) {
  const auto without_uts = [](Config& c) {
    std::erase_if(c.linux.namespaces,
                  [](const spec::Namespace& ns) { return ns.type == NamespaceType::kUts; });
  };
  const auto network = [](std::string path) {
    return [path](Config& c) {
      for (spec::Namespace& ns : c.linux.namespaces) {
        if (ns.type == NamespaceType::kNetwork) ns.path = path;
      }
    };
  };
  const auto user = [](std::vector<spec::IdMapping> mappings) {
    return [mappings](Config& c) {
      c.linux.namespaces.push_back({NamespaceType::kUser, ""});
      c.linux.uid_mappings = c.linux.gid_mappings = mappings;
    };
  };
  Expect({
      {"hostname", without_uts,
       "hostname: cannot be set without a UTS namespace (try: add {\"type\": \"uts\"} to "
       "linux.namespaces)"},
      {"missing path", network("/nowhere"),
       "linux.namespaces[1].path: open \"/nowhere\": No such file or directory (ENOENT) (try: the "
       "process or mount that held the namespace has ended)"},
      {"other type", network("/proc/self/ns/uts"),
       "linux.namespaces[1]: network namespace \"/proc/self/ns/uts\": a namespace of another type"},
      {"no mapping", user({}),
       "linux.namespaces: a new user namespace needs uidMappings and gidMappings"},
      {"overlap", user({{0, 100000, 10}, {5, 200000, 1}}),
       "linux.uidMappings[1]: overlaps with entry 0"},
      {"offsets",
       [](Config& c) {
         c.linux.time_offsets = {{"boottime", 1, 0}};
       },
       "linux.timeOffsets: need a time namespace"},
  });
}

TEST_F(Configuration, KernelParameters) {
  const auto sysctl = [](std::string key, std::string value) {
    return [key, value](Config& c) { c.linux.sysctl = {{key, value}}; };
  };
  Expect({
      {"host wide", sysctl("kernel.core_pattern", "|/x"),
       "linux.sysctl: \"kernel.core_pattern\" is not in a separate kernel namespace"},
      {"value", sysctl("net.ipv4.ip_forward", "1\nx"),
       "linux.sysctl: \"net.ipv4.ip_forward\" has a control character in its value"},
      {"host's namespace",
       [&](Config& c) {
         for (spec::Namespace& ns : c.linux.namespaces) {
           if (ns.type == NamespaceType::kNetwork) ns.path = "/proc/self/ns/net";
         }
         sysctl("net.ipv4.ip_forward", "1")(c);
       },
       "linux.sysctl: \"net.ipv4.ip_forward\" is not allowed in the host's network namespace"},
  });
}

TEST_F(Configuration, SystemCallFilter) {
  const auto profile = [](spec::Seccomp seccomp) {
    return [seccomp](Config& c) { c.linux.seccomp = seccomp; };
  };
  Expect({
      {"action", profile({.default_action = "SCMP_ACT_X"}),
       "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_X\""},
      {"operator",
       profile({.default_action = "SCMP_ACT_ALLOW",
                .syscalls = {{.names = {"read"},
                              .action = "SCMP_ACT_ERRNO",
                              .args = {{.index = 1, .op = "=="}}}}}),
       "linux.seccomp.syscalls[0].args[0].op: unknown operator \"==\""},
      {"no listener",
       profile({.default_action = "SCMP_ACT_ALLOW",
                .syscalls = {{.names = {"mkdir"}, .action = "SCMP_ACT_NOTIFY"}}}),
       "linux.seccomp.listenerPath: is needed for SCMP_ACT_NOTIFY in syscalls[0]"},
  });
}

TEST_F(Configuration, Resources) {
  Expect({
      {"swap",
       [](Config& c) {
         auto& memory = c.linux.resources.memory.emplace();
         memory.limit = 10'000'000;
         memory.swap = 1000;
       },
       "linux.resources.memory.swap: must be at least the memory limit (try: set it to the limit "
       "plus the swap allowed, or to -1)"},
      {"path", [](Config& c) { c.linux.cgroups_path = "../../x"; },
       "linux.cgroupsPath \"../../x\": \"..\" is not allowed"},
  });
}

}  // namespace
}  // namespace caisson::test
