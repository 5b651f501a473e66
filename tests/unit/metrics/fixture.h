// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "metrics/target.h"
#include "tests/support/temp_dir.h"

namespace caisson::metrics {

// A node with one pod of one container, as folders of plain files.
class FakeNode {
 public:
  void WriteV2() {
    for (const char* level : {"pod/", "pod/web/"}) {
      const std::string in = level;
      dir_.Write(in + "cpu.stat",
                 "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 7\n"
                 "nr_throttled 2\nthrottled_usec 50\nnr_bursts 0\nburst_usec 0\n");
      dir_.Write(in + "cpu.max", "50000 100000\n");
      dir_.Write(in + "cpu.weight", "100\n");
      dir_.Write(in + "cpu.pressure",
                 "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
                 "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
      dir_.Write(in + "memory.current", "5000\n");
      dir_.Write(in + "memory.peak", "7000\n");
      dir_.Write(in + "memory.max", "max\n");
      dir_.Write(in + "memory.low", "4096\n");
      dir_.Write(in + "memory.swap.current", "0\n");
      dir_.Write(in + "memory.swap.max", "max\n");
      dir_.Write(in + "memory.stat",
                 "anon 3000\nfile 2000\nkernel 10\nfile_mapped 5\ninactive_file 1000\n"
                 "active_file 900\npgfault 44\npgmajfault 3\n");
      dir_.Write(in + "memory.events", "low 0\nhigh 1\nmax 4\noom 2\noom_kill 1\n");
      dir_.Write(in + "pids.current", "3\n");
      dir_.Write(in + "pids.max", "100\n");
      dir_.Write(in + "cgroup.procs", "1\n2\n");
      dir_.Write(in + "io.stat",
                 "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2\n8:16 rbytes=1 wbytes=0 rios=1 wios=0\n"
                 "7:0 rbytes=9 wbytes=9 rios=1 wios=1\n9:9 rbytes=0 wbytes=0 rios=0 wios=0\n");
    }
    WriteNetwork();
  }

  void WriteV1() {
    for (const char* level : {"pod/", "pod/web/"}) {
      const std::string cpu = StrCat("cpu/", level);
      dir_.Write(cpu + "cpuacct.usage", "1500000000\n");
      dir_.Write(cpu + "cpuacct.usage_user", "1000000000\n");
      dir_.Write(cpu + "cpuacct.usage_sys", "500000000\n");
      dir_.Write(cpu + "cpu.stat", "nr_periods 7\nnr_throttled 2\nthrottled_time 50000\n");
      dir_.Write(cpu + "cpu.shares", "1024\n");
      dir_.Write(cpu + "cpu.cfs_period_us", "100000\n");
      dir_.Write(cpu + "cpu.cfs_quota_us", "50000\n");
      const std::string memory = StrCat("memory/", level);
      dir_.Write(memory + "memory.usage_in_bytes", "5000\n");
      dir_.Write(memory + "memory.max_usage_in_bytes", "7000\n");
      dir_.Write(memory + "memory.failcnt", "4\n");
      dir_.Write(memory + "memory.limit_in_bytes", "9223372036854771712\n");
      dir_.Write(memory + "memory.soft_limit_in_bytes", "4096\n");
      dir_.Write(memory + "memory.memsw.limit_in_bytes", "9223372036854771712\n");
      dir_.Write(memory + "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
      dir_.Write(memory + "memory.stat",
                 "total_rss 3000\ntotal_cache 2000\ntotal_mapped_file 5\n"
                 "total_inactive_file 1000\ntotal_swap 0\ntotal_pgfault 44\n");
      const std::string pids = StrCat("pids/", level);
      dir_.Write(pids + "pids.current", "3\n");
      dir_.Write(pids + "pids.max", "max\n");
      dir_.Write(pids + "cgroup.procs", "1\n2\n");
    }
    WriteNetwork();
  }

  Target Pod() const {
    return {.level = Level::kPod,
            .id = "/caisson/pods/u1",
            .pod = "web-1",
            .ns = "default",
            .record = Cgroup("pod"),
            .net_dev_path = dir_ / "net_dev"};
  }
  Target Container() const {
    return {.id = "/caisson/pods/u1/abc",
            .name = "abc",
            .image = "busybox:latest",
            .container = "web",
            .pod = "web-1",
            .ns = "default",
            .record = Cgroup("pod/web"),
            .start_time_s = 1700000000};
  }
  std::vector<Target> Targets() const { return {Pod(), Container()}; }

  const test::TempDir& dir() const { return dir_; }

 private:
  void WriteNetwork() {
    dir_.Write("net_dev",
               "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets "
               "errs drop fifo colls carrier compressed\n"
               "    lo:     100       1    0    0    0     0          0         0      100       1 "
               "   0    0    0     0       0          0\n"
               "  eth0:     648       8    1    2    0     0          0         0      900       9 "
               "   3    4    0     0       0          0\n");
  }

  cgroup::Record Cgroup(const std::string& name) const {
    if (::access((dir_ / name).c_str(), F_OK) == 0)
      return {.path = "/" + name,
              .directories = {{.version = cgroup::Version::kV2, .path = dir_ / name}}};
    return {.path = "/" + name,
            .directories = {{.controllers = "cpu,cpuacct", .path = dir_ / ("cpu/" + name)},
                            {.controllers = "memory", .path = dir_ / ("memory/" + name)},
                            {.controllers = "pids", .path = dir_ / ("pids/" + name)}}};
  }

  test::TempDir dir_;
};

// Lines of an exposition that are samples of `name`.
inline std::vector<std::string> SamplesOf(const std::string& text, const std::string& name) {
  std::vector<std::string> samples;
  for (const auto line : Split(text, '\n')) {
    if (line.substr(0, name.size()) == name && line.size() > name.size() &&
        (line[name.size()] == '{' || line[name.size()] == ' '))
      samples.emplace_back(line);
  }
  return samples;
}

}  // namespace caisson::metrics
