// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/spec/field_reader.h"
#include "runtime/spec/resources.h"

// The JSON names of resources.h; order is the order of writing. Only for .cc files.
namespace caisson::spec {

template <class V>
void Fields(V& v, Is<DeviceRule> auto& rule) {
  v.Required("allow", rule.allow);
  v.Letter("type", rule.type, "abc");
  v.Optional("major", rule.major);
  v.Optional("minor", rule.minor);
  v.Optional("access", rule.access);
}

template <class V>
void Fields(V& v, Is<MemoryResources> auto& memory) {
  v.Optional("limit", memory.limit);
  v.Optional("reservation", memory.reservation);
  v.Optional("swap", memory.swap);
  v.Optional("kernel", memory.kernel);
  v.Optional("kernelTCP", memory.kernel_tcp);
  v.Optional("swappiness", memory.swappiness);
  v.Optional("disableOOMKiller", memory.disable_oom_killer);
  v.Optional("useHierarchy", memory.use_hierarchy);
  v.Optional("checkBeforeUpdate", memory.check_before_update);
}

template <class V>
void Fields(V& v, Is<CpuResources> auto& cpu) {
  v.Optional("shares", cpu.shares);
  v.Optional("quota", cpu.quota_us);
  v.Optional("burst", cpu.burst_us);
  v.Optional("period", cpu.period_us);
  v.Optional("realtimeRuntime", cpu.realtime_runtime_us);
  v.Optional("realtimePeriod", cpu.realtime_period_us);
  v.Optional("cpus", cpu.cpus);
  v.Optional("mems", cpu.mems);
  v.Optional("idle", cpu.idle);
}

template <class V>
void Fields(V& v, Is<PidsResources> auto& pids) {
  v.Optional("limit", pids.limit);
}

template <class V>
void Fields(V& v, Is<WeightDevice> auto& device) {
  v.Required("major", device.major);
  v.Required("minor", device.minor);
  v.Optional("weight", device.weight);
  v.Optional("leafWeight", device.leaf_weight);
}

template <class V>
void Fields(V& v, Is<ThrottleDevice> auto& device) {
  v.Required("major", device.major);
  v.Required("minor", device.minor);
  v.Required("rate", device.rate);
}

template <class V>
void Fields(V& v, Is<BlockIoResources> auto& io) {
  v.Optional("weight", io.weight);
  v.Optional("leafWeight", io.leaf_weight);
  v.Optional("weightDevice", io.weight_device);
  v.Optional("throttleReadBpsDevice", io.throttle_read_bps_device);
  v.Optional("throttleWriteBpsDevice", io.throttle_write_bps_device);
  v.Optional("throttleReadIOPSDevice", io.throttle_read_iops_device);
  v.Optional("throttleWriteIOPSDevice", io.throttle_write_iops_device);
}

template <class V>
void Fields(V& v, Is<HugepageLimit> auto& limit) {
  v.Required("pageSize", limit.page_size);
  v.Required("limit", limit.limit_bytes);
}

template <class V>
void Fields(V& v, Is<NetworkPriority> auto& priority) {
  v.Required("name", priority.name);
  v.Required("priority", priority.priority);
}

template <class V>
void Fields(V& v, Is<NetworkResources> auto& network) {
  v.Optional("classID", network.class_id);
  v.Optional("priorities", network.priorities);
}

template <class V>
void Fields(V& v, Is<RdmaLimit> auto& limit) {
  v.Optional("hcaHandles", limit.hca_handles);
  v.Optional("hcaObjects", limit.hca_objects);
}

template <class V>
void Fields(V& v, Is<Resources> auto& resources) {
  v.Optional("devices", resources.devices);
  v.Optional("memory", resources.memory);
  v.Optional("cpu", resources.cpu);
  v.Optional("pids", resources.pids);
  v.Optional("blockIO", resources.block_io);
  v.Optional("hugepageLimits", resources.hugepage_limits);
  v.Optional("network", resources.network);
  v.Optional("rdma", resources.rdma);
  v.Optional("unified", resources.unified);
}

}  // namespace caisson::spec
