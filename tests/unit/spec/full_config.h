// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace caisson::spec {

// Every member that runtime-spec 1.3 has for Linux, once, in the order in which we write.
inline constexpr char kFullConfig[] = R"json({
 "ociVersion": "1.3.0",
 "process": {
  "terminal": true,
  "consoleSize": {"height": 24, "width": 80},
  "user": {"uid": 1, "gid": 2, "umask": 63, "additionalGids": [5, 4294967295]},
  "args": ["/bin/sh", "-c", "echo \"\u00e4\n\""],
  "env": ["PATH=/bin", "EMPTY="],
  "cwd": "/srv",
  "capabilities": {
   "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "inheritable": ["CAP_CHOWN"],
   "permitted": ["CAP_KILL"], "ambient": ["CAP_CHOWN"]
  },
  "rlimits": [{"type": "RLIMIT_CORE", "hard": 18446744073709551615, "soft": 0}],
  "noNewPrivileges": true,
  "apparmorProfile": "acme",
  "oomScoreAdj": -5,
  "scheduler": {"policy": "SCHED_DEADLINE", "nice": 0, "priority": 0,
   "flags": ["SCHED_FLAG_RESET_ON_FORK"], "runtime": 1000, "deadline": 2000, "period": 3000},
  "selinuxLabel": "system_u:system_r:svirt_lxc_net_t:s0:c124,c675",
  "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 7},
  "execCPUAffinity": {"initial": "0-1", "final": "2"}
 },
 "root": {"path": "rootfs", "readonly": true},
 "hostname": "web",
 "domainname": "example.org",
 "mounts": [
  {"destination": "/data", "type": "none", "source": "/srv/data", "options": ["rbind", "ridmap"],
   "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
   "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}]}
 ],
 "hooks": {
  "prestart": [{"path": "/h/prestart", "args": ["a", "b"], "env": ["K=v"], "timeout": 5}],
  "createRuntime": [{"path": "/h/createRuntime"}],
  "createContainer": [{"path": "/h/createContainer"}],
  "startContainer": [{"path": "/h/startContainer"}],
  "poststart": [{"path": "/h/poststart"}],
  "poststop": [{"path": "/h/poststop"}]
 },
 "annotations": {"org.example/empty": "", "org.example/key": "value"},
 "linux": {
  "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
  "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
  "sysctl": {"net.ipv4.ip_forward": "1"},
  "resources": {
   "devices": [{"allow": false, "type": "a", "access": "rwm"},
    {"allow": true, "type": "c", "major": 10, "minor": -1, "access": "r"}],
   "memory": {"limit": 536870912, "reservation": 268435456, "swap": -1, "kernel": -1,
    "kernelTCP": -1, "swappiness": 0, "disableOOMKiller": false, "useHierarchy": true,
    "checkBeforeUpdate": true},
   "cpu": {"shares": 1024, "quota": 1000000, "burst": 1000000, "period": 500000,
    "realtimeRuntime": 950000, "realtimePeriod": 1000000, "cpus": "2-3", "mems": "0-7", "idle": 0},
   "pids": {"limit": 32771},
   "blockIO": {"weight": 10, "leafWeight": 10,
    "weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}],
    "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}],
    "throttleWriteBpsDevice": [{"major": 8, "minor": 1, "rate": 601}],
    "throttleReadIOPSDevice": [{"major": 8, "minor": 2, "rate": 602}],
    "throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 300}]},
   "hugepageLimits": [{"pageSize": "2MB", "limit": 209715200}],
   "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
   "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}},
   "unified": {"memory.high": "1G"}
  },
  "cgroupsPath": "/caisson/web",
  "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/web"}, {"type": "mount"},
   {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "cgroup"}, {"type": "time"}],
  "devices": [{"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229, "fileMode": 438,
   "uid": 0, "gid": 0}],
  "netDevices": {"ens4": {}, "eth0": {"name": "lan0"}},
  "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
   "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
   "listenerPath": "/run/seccomp.sock", "listenerMetadata": "web",
   "syscalls": [{"names": ["personality", "socket"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1,
    "args": [{"index": 0, "value": 18446744073709551615, "valueTwo": 1, "op": "SCMP_CMP_EQ"}]}]},
  "rootfsPropagation": "rslave",
  "maskedPaths": ["/proc/kcore"],
  "readonlyPaths": ["/proc/sys"],
  "mountLabel": "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811",
  "intelRdt": {"closID": "guaranteed", "schemata": ["L3:0=7f0;1=1f"], "l3CacheSchema": "L3:0=7f0",
   "memBwSchema": "MB:0=20;1=70", "enableMonitoring": true},
  "memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "2-3", "flags": ["MPOL_F_STATIC_NODES"]},
  "personality": {"domain": "LINUX32", "flags": ["x"]},
  "timeOffsets": {"boottime": {"secs": -3, "nanosecs": 7}, "monotonic": {"secs": 1, "nanosecs": 0}}
 }
})json";

}  // namespace caisson::spec
