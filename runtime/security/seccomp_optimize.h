// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace caisson::security {

// A program that answers every system call as `program` does, and is shorter: which numbers get the
// same answer is found by running the program for every range of numbers that it can tell apart,
// and is looked up in a tree of ranges; code that looks at arguments is kept as it is. The kernel
// checks, translates and evaluates a filter while loading it, so half the size is half the time.
// The result is compared with the original for every range; where anything is not as expected, the
// original is returned. Inside the room only. Both are bytes of struct sock_filter.
std::string OptimizeFilter(const std::string& program);

}  // namespace caisson::security
