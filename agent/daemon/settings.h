// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/daemon/config.h"
#include "runtime/base/error.h"

namespace caisson::daemon {

// One setting under all its names.
struct Setting {
  std::string_view flag;  // "pod-cidr"
  std::string_view value_name;
  std::string_view help;
  bool is_list = false;
  // Sets it from texts: one, or any number for a list.
  std::function<Status(Config&, const std::vector<std::string>&)> set;
  std::function<std::vector<std::string>(const Config&)> get;

  std::string Key() const;       // "podCidr"
  std::string Variable() const;  // "CAISSON_POD_CIDR"
};

// All of them, in the order in which they are shown.
std::span<const Setting> Settings();

}  // namespace caisson::daemon
