// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "runtime/spec/config.h"
#include "runtime/spec/example.h"

namespace caisson::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The example with a JSON merge patch on it.
std::string SentenceAfter(std::string_view patch, std::vector<std::string>* warnings = nullptr) {
  auto document = nlohmann::json::parse(ToJson(Example(true)));
  document.merge_patch(nlohmann::json::parse(patch));
  const auto config = ParseConfig(document.dump());
  if (!config) return StrCat("not parsed: ", config.error().message());
  const Status valid = Validate(*config, warnings);
  if (valid) return "valid";
  EXPECT_EQ(valid.error().code(), Code::kInvalidSpec);
  return valid.error().message();
}

TEST(Validate, TheExamplesAreValidWithoutWarning) {
  std::vector<std::string> warnings;
  EXPECT_EQ(SentenceAfter("{}", &warnings), "valid");

  Config rootless = Example(false);
  MakeRootless(rootless, 1000, 1000);
  const Status valid = Validate(rootless, &warnings);

  EXPECT_TRUE(valid) << valid.error().message();
  EXPECT_THAT(warnings, IsEmpty());
}

struct Case {
  const char* patch;
  const char* sentence;
};

void ExpectSentences(const std::vector<Case>& cases) {
  for (const auto& [patch, sentence] : cases) {
    SCOPED_TRACE(patch);
    EXPECT_EQ(SentenceAfter(patch), sentence);
  }
}

TEST(Validate, VersionsOfTheSameMajorNumberAreAccepted) {
  ExpectSentences({
      {R"({"ociVersion": "1.0.2-dev"})", "valid"},
      {R"({"ociVersion": "1.1.0-rc.2"})", "valid"},
      {R"({"ociVersion": "1.3.0+dev"})", "valid"},
      {R"({"ociVersion": "2.0.0"})",
       "ociVersion: \"2.0.0\" is not supported, only 1.x up to 1.3.0"},
      {R"({"ociVersion": "1.0"})", "ociVersion: \"1.0\" is not a semantic version"},
      {R"({"ociVersion": "one"})", "ociVersion: \"one\" is not a semantic version"},
  });
  std::vector<std::string> warnings;
  EXPECT_EQ(SentenceAfter(R"({"ociVersion": "1.4.0"})", &warnings), "valid");
  EXPECT_THAT(warnings, ElementsAre("ociVersion: \"1.4.0\" is newer than 1.3.0, fields that came "
                                    "later are ignored"));
}

TEST(Validate, ProcessIsChecked) {
  ExpectSentences({
      {R"({"process": null})", "valid"},
      {R"({"process": {"cwd": ""}})", "process.cwd: is empty"},
      {R"({"process": {"cwd": "srv"}})", "process.cwd: \"srv\" is not an absolute path"},
      {R"({"process": {"args": []}})", "process.args: must name at least the program"},
      {R"({"process": {"args": [""]}})", "process.args[0]: is empty"},
      {R"({"process": {"env": ["A=1", "B"]}})",
       "process.env[1]: \"B\" is not of the form NAME=value"},
      {R"({"process": {"user": {"umask": 512}}})", "process.user.umask: 512 is above 0777 (511)"},
      {R"({"process": {"rlimits": [{"type": "RLIMIT_X", "hard": 1, "soft": 1}]}})",
       "process.rlimits[0].type: \"RLIMIT_X\" is not one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, "
       "RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, "
       "RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, "
       "RLIMIT_SIGPENDING, RLIMIT_STACK"},
      {R"({"process": {"rlimits": [{"type": "RLIMIT_CPU", "hard": 1, "soft": 1},
                                   {"type": "RLIMIT_CPU", "hard": 2, "soft": 2}]}})",
       "process.rlimits[1].type: \"RLIMIT_CPU\" is given twice"},
      {R"({"process": {"rlimits": [{"type": "RLIMIT_CPU", "hard": 1, "soft": 2}]}})",
       "process.rlimits[0].soft: 2 is above the hard limit 1"},
      {R"({"process": {"oomScoreAdj": 1001}})",
       "process.oomScoreAdj: 1001 is not between -1000 and 1000"},
      {R"({"process": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8}}})",
       "process.ioPriority.priority: 8 is not between 0 and 7"},
      {R"({"process": {"ioPriority": {"class": "BE", "priority": 1}}})",
       "process.ioPriority.class: \"BE\" is not one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
       "IOPRIO_CLASS_IDLE"},
  });
}

TEST(Validate, SchedulerAttributesMustFitThePolicy) {
  ExpectSentences({
      {R"({"process": {"scheduler": {"policy": "SCHED_BATCH", "nice": 19}}})", "valid"},
      {R"({"process": {"scheduler": {"policy": "SCHED_FIFO", "priority": 10}}})", "valid"},
      {R"({"process": {"scheduler": {"policy": "SCHED_OTHER", "nice": 20}}})",
       "process.scheduler.nice: 20 is not between -20 and 19"},
      {R"({"process": {"scheduler": {"policy": "SCHED_OTHER", "priority": 1}}})",
       "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have one, not SCHED_OTHER"},
      {R"({"process": {"scheduler": {"policy": "SCHED_RR", "runtime": 1}}})",
       "process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE, not "
       "SCHED_RR"},
      {R"({"process": {"scheduler": {"policy": "SCHED_IDLE", "flags": ["X"]}}})",
       "process.scheduler.flags: \"X\" is not one of SCHED_FLAG_RESET_ON_FORK, "
       "SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, "
       "SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX"},
  });
}

TEST(Validate, MountsAndHooksAreChecked) {
  ExpectSentences({
      {R"({"root": null})", "root: is required"},
      {R"({"root": {"path": ""}})", "root.path: is empty"},
      {R"({"mounts": [{"destination": "", "type": "tmpfs"}]})", "mounts[0].destination: is empty"},
      {R"({"mounts": [{"destination": "/a", "options": ["rbind"]}]})",
       "mounts[0].source: a bind mount needs one"},
      {R"({"mounts": [{"destination": "/a", "source": "/b", "options": ["bind", "idmap"]}]})",
       "mounts[0].options: idmap needs uidMappings or a user namespace"},
      {R"({"mounts": [{"destination": "/a", "source": "/b", "options": ["bind"],
           "uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}]})",
       "mounts[0]: uidMappings and gidMappings go together"},
      {R"({"hooks": {"poststop": [{"path": "hook"}]}})",
       "hooks.poststop[0].path: \"hook\" is not an absolute path"},
      {R"({"hooks": {"prestart": [{"path": "/hook", "timeout": 0}]}})",
       "hooks.prestart[0].timeout: 0 is not above 0"},
      {R"({"annotations": {"": "x"}})", "annotations: a key is empty"},
  });
  std::vector<std::string> warnings;
  EXPECT_EQ(SentenceAfter(R"({"mounts": [{"destination": "srv", "type": "tmpfs"}]})", &warnings),
            "valid");
  EXPECT_THAT(warnings,
              ElementsAre("mounts[0].destination: \"srv\" is relative, taken from \"/\""));
}

TEST(Validate, NamespacesAndWhatNeedsThem) {
  ExpectSentences({
      {R"({"linux": {"namespaces": [{"type": "pid"}, {"type": "pid"}]}, "hostname": null})",
       "linux.namespaces[1]: \"pid\" is given twice"},
      {R"({"linux": {"namespaces": [{"type": "network", "path": "ns"}]}, "hostname": null})",
       "linux.namespaces[0].path: \"ns\" is not an absolute path"},
      {R"({"linux": {"namespaces": [{"type": "mount"}]}})",
       "hostname: cannot be set without a UTS namespace"},
      {R"({"linux": {"namespaces": [{"type": "mount"}]}, "hostname": null, "domainname": "d"})",
       "domainname: cannot be set without a UTS namespace"},
      {R"({"linux": {"namespaces": [{"type": "pid"}]}, "hostname": null})",
       "linux.maskedPaths: paths cannot be masked without a mount namespace"},
      {R"({"linux": {"uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}})",
       "linux.uidMappings: id mappings need a user namespace"},
      {R"({"linux": {"namespaces": [{"type": "user"}, {"type": "uts"}, {"type": "mount"}]}})",
       "linux.namespaces: a new user namespace needs uidMappings and gidMappings"},
      {R"({"linux": {"timeOffsets": {"boottime": {"secs": 1}}}})",
       "linux.timeOffsets: need a time namespace"},
      {R"({"linux": {"namespaces": [{"type": "time"}, {"type": "uts"}, {"type": "mount"}],
           "timeOffsets": {"realtime": {"secs": 1}}}})",
       "linux.timeOffsets: \"realtime\" is not one of monotonic, boottime"},
      {R"({"linux": {"netDevices": {"eth 0": {}}}})",
       "linux.netDevices: \"eth 0\" is not an interface name"},
      {R"({"linux": {"netDevices": {"eth0": {"name": "abcdefghijklmnop"}}}})",
       "linux.netDevices.eth0.name: \"abcdefghijklmnop\" is not an interface name"},
  });
}

TEST(Validate, MappingsMayNotOverlapOrLeaveThirtyTwoBits) {
  const auto with = [](std::string_view mappings) {
    return SentenceAfter(StrCat(
        R"({"linux": {"namespaces": [{"type": "user"}, {"type": "uts"}, {"type": "mount"}],
            "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}], "uidMappings": )",
        mappings, "}}"));
  };
  EXPECT_EQ(with(R"([{"containerID": 0, "hostID": 0, "size": 4294967295}])"), "valid");
  EXPECT_EQ(with(R"([{"containerID": 0, "hostID": 0, "size": 0}])"),
            "linux.uidMappings[0].size: is 0");
  EXPECT_EQ(with(R"([{"containerID": 1, "hostID": 4294967295, "size": 2}])"),
            "linux.uidMappings[0]: reaches beyond the last id 4294967295");
  EXPECT_EQ(with(R"([{"containerID": 0, "hostID": 0, "size": 10},
                     {"containerID": 10, "hostID": 9, "size": 1}])"),
            "linux.uidMappings[1]: overlaps with entry 0");
}

TEST(Validate, SysctlsMustBelongToANamespaceOfTheContainer) {
  ExpectSentences({
      {R"({"linux": {"sysctl": {"net.core.somaxconn": "1", "kernel.shmmax": "1",
                                "fs.mqueue.msg_max": "1", "kernel.domainname": "d"}}})",
       "valid"},
      {R"({"linux": {"sysctl": {"net/ipv4/conf/eth0.1/forwarding": "1"}}})", "valid"},
      {R"({"linux": {"sysctl": {"vm.swappiness": "1"}}})",
       "linux.sysctl: \"vm.swappiness\" is not in a separate kernel namespace"},
      {R"({"linux": {"sysctl": {"kernel.hostname": "x"}}})",
       "linux.sysctl: \"kernel.hostname\" conflicts with the field \"hostname\""},
      {R"({"linux": {"sysctl": {"user.max_user_namespaces": "1"}}})",
       "linux.sysctl: \"user.max_user_namespaces\" is not allowed in the host's user namespace"},
      {R"({"linux": {"sysctl": {"net.core/../../kernel/core_pattern": "x"}}})",
       "linux.sysctl: \"net.core/../../kernel/core_pattern\" is not a name of a kernel "
       "parameter"},
      {R"({"linux": {"namespaces": [{"type": "uts"}, {"type": "mount"}],
                     "sysctl": {"net.core.somaxconn": "1"}}})",
       "linux.sysctl: \"net.core.somaxconn\" is not allowed in the host's network namespace"},
  });
}

TEST(Validate, TheRestOfTheLinuxObjectIsChecked) {
  ExpectSentences({
      {R"({"linux": {"devices": [{"type": "c", "path": "/dev/x", "major": 4096, "minor": 0}]}})",
       "linux.devices[0]: 4096:0 is not a device number"},
      {R"({"linux": {"rootfsPropagation": "sahred"}})",
       "linux.rootfsPropagation: \"sahred\" is not one of shared, slave, private, unbindable, "
       "rshared, rslave, rprivate, runbindable"},
      {R"({"linux": {"intelRdt": {"closID": "../x"}}})",
       "linux.intelRdt.closID: \"../x\" is not a directory name"},
      {R"({"linux": {"intelRdt": {"closID": "/x"}}})",
       "linux.intelRdt.closID: \"/x\" is not a directory name"},
      {R"({"linux": {"intelRdt": {"l3CacheSchema": "L3:0=1\nMB:0=2"}}})",
       "linux.intelRdt.l3CacheSchema: must be one line"},
      {R"({"linux": {"intelRdt": {"memBwSchema": "L3:0=1"}}})",
       "linux.intelRdt.memBwSchema: must be one line that starts with \"MB:\""},
      {R"({"linux": {"memoryPolicy": {"mode": "BIND"}}})",
       "linux.memoryPolicy.mode: \"BIND\" is not one of MPOL_DEFAULT, MPOL_BIND, "
       "MPOL_INTERLEAVE, MPOL_WEIGHTED_INTERLEAVE, MPOL_PREFERRED, MPOL_PREFERRED_MANY, "
       "MPOL_LOCAL"},
      {R"({"linux": {"personality": {"domain": "BSD"}}})",
       "linux.personality.domain: \"BSD\" is not one of LINUX, LINUX32"},
      {R"({"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}}})",
       "linux.seccomp.listenerMetadata: cannot be set without listenerPath"},
      {R"({"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW",
           "syscalls": [{"names": [], "action": "SCMP_ACT_ALLOW"}]}}})",
       "linux.seccomp.syscalls[0].names: must have at least one name"},
  });
}

TEST(Validate, ResourcesAreChecked) {
  const auto with = [](std::string_view resources) {
    return SentenceAfter(StrCat(R"({"linux": {"resources": )", resources, "}}"));
  };
  EXPECT_EQ(with(R"({"memory": {"swappiness": 101}})"),
            "linux.resources.memory.swappiness: 101 is above 100");
  EXPECT_EQ(with(R"({"cpu": {"quota": 10, "burst": 11}})"),
            "linux.resources.cpu.burst: 11 is above the quota 10");
  EXPECT_EQ(with(R"({"cpu": {"idle": 2}})"), "linux.resources.cpu.idle: 2 is neither 0 nor 1");
  EXPECT_EQ(with(R"({"hugepageLimits": [{"pageSize": "../2MB", "limit": 1}]})"),
            "linux.resources.hugepageLimits[0].pageSize: \"../2MB\" is not a number with KB, MB, "
            "GB or TB");
  EXPECT_EQ(with(R"({"rdma": {"mlx": {}}})"),
            "linux.resources.rdma.mlx: must have hcaHandles or hcaObjects");
  EXPECT_EQ(with(R"({"unified": {"../x.y": "1"}})"),
            "linux.resources.unified: \"../x.y\" is not a file name");
  EXPECT_EQ(with(R"({"unified": {"memory": "1"}})"),
            "linux.resources.unified: \"memory\" names no controller");
  EXPECT_EQ(with(R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}})"),
            "linux.resources.blockIO.weightDevice[0]: must have a weight or a leafWeight");
}

}  // namespace
}  // namespace caisson::spec
