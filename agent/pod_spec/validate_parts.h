// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "agent/pod_spec/field_error.h"

namespace caisson::pod_spec {

// The parts of ValidatePod. `path` is where the object stands: "spec.containers[0]".

// What a container may refer to.
struct PodContext {
  std::set<std::string> volumes;
  bool host_network = false;
  bool is_init = false;
};

void ValidateContainer(const nlohmann::json& container, const std::string& path,
                       const PodContext& context, FieldErrors& errors);
void ValidateProbes(const nlohmann::json& container, const std::string& path, bool is_init,
                    FieldErrors& errors);
void ValidateLifecycle(const nlohmann::json& lifecycle, const std::string& path,
                       FieldErrors& errors);
void ValidateVolume(const nlohmann::json& volume, const std::string& path, FieldErrors& errors);
void ValidateResources(const nlohmann::json& resources, const std::string& path,
                       FieldErrors& errors);
void ValidateFieldRef(const nlohmann::json& ref, const std::string& path,
                      std::initializer_list<std::string_view> supported, FieldErrors& errors);
void ValidateSeccomp(const nlohmann::json& context, const std::string& path, FieldErrors& errors);

// Shorthands over objects whose types are known to be right.
std::string TextOf(const nlohmann::json& object, const char* field);            // "" when absent
std::int64_t NumberOf(const nlohmann::json& object, const char* field);         // 0 when absent
const nlohmann::json& ListOf(const nlohmann::json& object, const char* field);  // [] when absent
bool OneOf(std::string_view text, std::initializer_list<std::string_view> words);
// NotSupported unless the field is absent or one of the words.
void CheckWord(const nlohmann::json& object, const char* field, const std::string& path,
               const std::vector<std::string_view>& words, FieldErrors& errors);
void CheckNotNegative(const nlohmann::json& object, const char* field, const std::string& path,
                      FieldErrors& errors);
// A path below some root: relative, without "..". Source: "must not contain '..'".
void CheckRelativePath(const std::string& value, const std::string& path, FieldErrors& errors);

}  // namespace caisson::pod_spec
