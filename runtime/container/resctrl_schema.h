// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/linux.h"

namespace caisson::container {

// The text of a resctrl `schemata` file: lines as "L3:0=7f0;1=1f" or "MB:0=20;1=70". Pure.
// Source: kernel filesystems/resctrl.rst, "Schemata files - general concepts".

// What is to be written, one write(2) each and in this order: the kernel refuses a domain that one
// write names twice, so what wins comes in a write of its own.
// Source: runtime-spec 1.3, config-linux.md, IntelRdt: l3CacheSchema, memBwSchema, schemata last.
std::vector<std::string> SchemataWrites(const spec::IntelRdt& config);

// Whether a group whose file reads `text` has what the line `wanted` asks for. The file says it in
// the kernel's way: padded, in the kernel's order, masks without leading zeros, and bandwidth
// rounded up to a multiple of `bandwidth_step` (0 or 1: it is not rounded).
bool HasSchema(std::string_view text, std::string_view wanted, std::uint64_t bandwidth_step);

}  // namespace caisson::container
