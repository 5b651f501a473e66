// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/record.h"
#include "runtime/cgroup/stats.h"

namespace caisson::cgroup {

// Reads the same cgroup over and over: each file is opened when first needed and from then on costs
// one pread. Where a v2 directory stands beside v1 (hybrid), CPU
// times and pressure are read there.
// Thread-compatible: one owner at a time.
class StatsReader {
 public:
  // Opens nothing yet. Errors: kNotFound when the cgroup is gone or there is none.
  static Result<StatsReader> Open(const Record& record);

  // Errors: kNotFound when it was removed meanwhile.
  Result<Stats> Read(unsigned groups = kAllGroups);

  // How many files it keeps open.
  std::size_t descriptors() const;

 private:
  struct File {
    std::string name;
    UniqueFd fd;  // empty: this kernel lacks the file
  };
  struct Dir {
    Version version;
    std::string controllers;
    std::string path;
    std::vector<File> files;
  };

  Dir* FindV1(std::string_view controller);
  Dir* V2();
  // For a controller: its v1 directory, else the v2 one; nullptr when neither.
  Dir* DirOf(std::string_view v1_controller);

  // The file's text, valid until the next Text; empty when the file is missing.
  std::string_view Text(Dir* dir, std::string_view name);
  Count Number(Dir* dir, std::string_view name);

  void ReadCpu(unsigned groups, CpuStats& cpu);
  void ReadCpuLimits(Dir* dir, CpuStats& cpu);
  void ReadPerCpu(Dir* dir, CpuStats& cpu);
  void ReadMemory(unsigned groups, MemoryStats& memory);
  void ReadMemoryV1(Dir* dir, unsigned groups, MemoryStats& memory);
  void ReadMemoryV2(Dir* dir, unsigned groups, MemoryStats& memory);
  void ReadKernelMemory(Dir* dir, MemoryStats& memory);
  void ReadPids(unsigned groups, PidsStats& pids);
  void ReadIo(std::vector<IoDevice>& io);
  void ReadHugetlb(std::vector<HugetlbStats>& hugetlb);
  void ReadRdma(std::vector<RdmaStats>& rdma);
  void ReadPressure(Stats& stats);
  void ReadCpuset(Stats& stats);
  Count CountProcesses();

  std::vector<Dir> dirs_;
  std::string buffer_;
  bool gone_ = false;
};

}  // namespace caisson::cgroup
