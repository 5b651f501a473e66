// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/quantity.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"resources", "FILE",
     "resources as JSON, \"-\" for standard input; other options then do not count", 'r'},
    {"blkio-weight", "WEIGHT", "block IO weight, 10 to 1000"},
    {"cpu-period", "US", "CFS period in microseconds"},
    {"cpu-quota", "US", "CFS quota in microseconds"},
    {"cpu-burst", "US", "CFS burst in microseconds"},
    {"cpu-share", "SHARES", "relative CPU weight"},
    {"cpu-rt-period", "US", "real-time period in microseconds"},
    {"cpu-rt-runtime", "US", "real-time budget in microseconds"},
    {"cpuset-cpus", "LIST", "CPUs to use: 0-3,7"},
    {"cpuset-mems", "LIST", "memory nodes to use"},
    {"cpu-idle", "0|1", "run only when nothing else wants to"},
    {"memory", "BYTES", "memory limit"},
    {"memory-reservation", "BYTES", "memory reservation"},
    {"memory-swap", "BYTES", "limit of memory and swap together; -1: unlimited swap"},
    {"kernel-memory", "BYTES", "ignored: the kernel has no such limit any more"},
    {"kernel-memory-tcp", "BYTES", "ignored: the kernel has no such limit any more"},
    {"pids-limit", "N", "most processes", 0, {}, true},
    {"l3-cache-schema", "SCHEMA", "Intel RDT L3 cache schema"},
    {"mem-bw-schema", "SCHEMA", "Intel RDT memory bandwidth schema"},
    {"help", "", "show this help", 'h'},
};

template <class Int>
Status Take(const Parsed& options, std::string_view name, std::optional<Int>& value) {
  const auto text = options.Last(name);
  if (!text || text->empty()) return Ok();
  value = ParseInt<Int>(*text);
  if (value) return Ok();
  return Error(Code::kInvalidSpec, StrCat("invalid value \"", *text, "\" for ", name));
}

Status TakeBytes(const Parsed& options, std::string_view name, std::optional<std::int64_t>& value) {
  const auto text = options.Last(name);
  if (!text || text->empty()) return Ok();
  value = ParseBytes(*text);
  if (value) return Ok();
  return Error(Code::kInvalidSpec, StrCat("invalid value \"", *text, "\" for ", name))
      .Hint("write bytes, or a number and k, m, g, t or p");
}

Result<spec::Resources> FromFile(const std::string& file) {
  Result<std::string> json =
      file == "-" ? ReadFd(FdView::Raw(0), "standard input") : ReadFile(file);
  if (!json) return std::move(json).error().Wrap("--resources");
  return spec::ParseResources(*json);
}

Status TakeCpu(const Parsed& options, spec::Resources& resources) {
  spec::CpuResources cpu;
  CAISSON_TRY(Take(options, "cpu-period", cpu.period_us));
  CAISSON_TRY(Take(options, "cpu-quota", cpu.quota_us));
  CAISSON_TRY(Take(options, "cpu-burst", cpu.burst_us));
  CAISSON_TRY(Take(options, "cpu-share", cpu.shares));
  CAISSON_TRY(Take(options, "cpu-rt-period", cpu.realtime_period_us));
  CAISSON_TRY(Take(options, "cpu-rt-runtime", cpu.realtime_runtime_us));
  CAISSON_TRY(Take(options, "cpu-idle", cpu.idle));
  cpu.cpus = options.Get("cpuset-cpus");
  cpu.mems = options.Get("cpuset-mems");
  resources.cpu = cpu;
  return Ok();
}

Result<spec::Resources> FromOptions(const Parsed& options) {
  spec::Resources resources;
  CAISSON_TRY(TakeCpu(options, resources));
  spec::BlockIoResources block_io;
  CAISSON_TRY(Take(options, "blkio-weight", block_io.weight));
  if (block_io.weight) resources.block_io = block_io;
  spec::MemoryResources memory;
  CAISSON_TRY(TakeBytes(options, "memory", memory.limit));
  CAISSON_TRY(TakeBytes(options, "memory-reservation", memory.reservation));
  CAISSON_TRY(TakeBytes(options, "memory-swap", memory.swap));
  resources.memory = memory;
  spec::PidsResources pids;
  CAISSON_TRY(Take(options, "pids-limit", pids.limit));
  if (pids.limit) resources.pids = pids;
  for (const char* const gone : {"kernel-memory", "kernel-memory-tcp"}) {
    std::optional<std::int64_t> bytes;
    CAISSON_TRY(TakeBytes(options, gone, bytes));
    if (bytes) Log(LogLevel::kWarning, StrCat("--", gone, " is ignored"));
  }
  return resources;
}

Result<int> Run(const Invocation& invocation) {
  const Parsed& options = invocation.options;
  const std::string file = options.Get("resources");
  CAISSON_ASSIGN(spec::Resources resources, file.empty() ? FromOptions(options) : FromFile(file));
  // What writers leave unset: a limit of none is nothing that a running container could have.
  if (resources.pids && resources.pids->limit == 0) resources.pids.reset();
  CAISSON_TRY(container::Update(invocation.context, invocation.id(), resources));
  const std::string cache = options.Get("l3-cache-schema");
  const std::string bandwidth = options.Get("mem-bw-schema");
  if (!cache.empty() || !bandwidth.empty())
    CAISSON_TRY(container::UpdateSchemata(invocation.context, invocation.id(), cache, bandwidth));
  return 0;
}

}  // namespace

const Command kUpdate = {
    .name = "update",
    .arguments = "CONTAINER",
    .summary = "change the resource limits of a running container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
