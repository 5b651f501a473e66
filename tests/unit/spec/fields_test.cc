// SPDX-License-Identifier: Apache-2.0
// Every member that the specification has, from a list of them: whatever is wrong with one is told
// with its path.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/spec/config.h"
#include "tests/unit/spec/full_config.h"

namespace caisson::spec {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::Eq;
using testing::StartsWith;

struct Field {
  std::string path;  // "linux.timeOffsets{}.secs"
  std::string type;  // "int64"
};

// Those of config.json.
std::vector<Field> ReadFields() {
  std::ifstream file(CAISSON_TEST_DATA "/runtime_spec_fields.txt");
  std::vector<Field> fields;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.find(':') != std::string::npos) continue;
    const auto space = line.find(' ');
    fields.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  return fields;
}

// A place in a document, and what the runtime calls it. Lists and maps are entered by their first.
struct Place {
  json* value;
  std::string name;
};

void Enter(Place& at, char bracket) {
  if (bracket == '[') {
    if (!at.value->is_array() || at.value->empty()) *at.value = json::array({nullptr});
    at = {&(*at.value)[0], at.name + "[0]"};
  } else {
    if (!at.value->is_object() || at.value->empty()) *at.value = json::object({{"key", nullptr}});
    const auto first = at.value->begin();
    at = {&*first, StrCat(at.name, ".", first.key())};
  }
}

Place Find(json& document, const std::string& path) {
  Place at{&document, ""};
  for (std::string_view part : Split(path, '.')) {
    const auto end = std::min(part.find('['), part.find('{'));
    const std::string member(part.substr(0, end));
    at = {&(*at.value)[member], at.name.empty() ? member : StrCat(at.name, ".", member)};
    for (auto bracket = end; bracket < part.size(); bracket += 2) Enter(at, part[bracket]);
  }
  return at;
}

std::vector<json> WrongValues(const Field& field) {
  const auto numbers = [](std::vector<json> more) {
    more.insert(more.end(), {"1", true, 1.5, json::array()});
    return more;
  };
  if (field.type == "bool") return {1, "true", json::array()};
  if (field.type == "string") return {1, true, json::object(), std::string("a\0b", 3)};
  if (field.type == "array") return {json::object(), "x", 1};
  if (field.type == "object" || field.type == "map") return {json::array(), "x", 1};
  if (field.type == "int32") return numbers({2147483648, -2147483649});
  if (field.type == "uint16") return numbers({-1, 65536});
  if (field.type == "uint32" || field.type == "uint") return numbers({-1, 4294967296});
  if (field.type == "uint64") return numbers({-1, 18446744073709551616.0});
  return numbers({9223372036854775808u, -9223372036854775809.0});  // int, int64
}

std::string SentenceOf(const json& document) {
  const auto config = ParseConfig(document.dump());
  return config ? "accepted" : config.error().message();
}

TEST(EveryField, IsInTheConfigurationThatTheOtherTestsRead) {
  const json full = json::parse(kFullConfig);
  for (const Field& field : ReadFields()) {
    if (field.path.starts_with("hooks.") && !field.path.starts_with("hooks.prestart")) continue;
    // By the first of a list alone not every member is met.
    if (field.path.starts_with("linux.resources.devices[].")) continue;
    if (field.path == "linux.namespaces[].path" || field.path == "linux.netDevices{}.name")
      continue;
    json copy = full;
    (void)Find(copy, field.path);
    EXPECT_EQ(copy, full) << field.path << " had to be added";
  }
}

TEST(EveryField, OfAnotherTypeOrOutOfItsRangeIsNamed) {
  const json full = json::parse(kFullConfig);
  const auto fields = ReadFields();
  ASSERT_GT(fields.size(), 260u);
  for (const Field& field : fields) {
    for (const json& wrong : WrongValues(field)) {
      json document = full;
      const Place place = Find(document, field.path);
      *place.value = wrong;
      EXPECT_THAT(SentenceOf(document), StartsWith(StrCat(place.name, ": must "))) << wrong;
    }
  }
}

TEST(EveryField, ThatIsNullIsAbsentAndAnElementMustNotBe) {
  const json full = json::parse(kFullConfig);
  for (const Field& field : ReadFields()) {
    json document = full;
    const Place place = Find(document, field.path);
    *place.value = nullptr;
    const bool element = field.path.ends_with("]") || field.path.ends_with("}");
    if (element)
      EXPECT_EQ(SentenceOf(document), StrCat(place.name, ": must not be null"));
    else
      EXPECT_THAT(SentenceOf(document),
                  AnyOf(Eq("accepted"), Eq(StrCat(place.name, ": is required"))));
  }
}

TEST(EveryField, ThatTheSpecificationRequiresIsRequired) {
  // Left out as every other runtime has it: both ids, the priority of an I/O class.
  for (const char* const path : {"ociVersion",
                                 "process.cwd",
                                 "process.consoleSize.height",
                                 "process.consoleSize.width",
                                 "process.rlimits[].type",
                                 "process.rlimits[].hard",
                                 "process.rlimits[].soft",
                                 "process.scheduler.policy",
                                 "process.ioPriority.class",
                                 "root.path",
                                 "mounts[].destination",
                                 "mounts[].uidMappings[].containerID",
                                 "mounts[].gidMappings[].size",
                                 "linux.uidMappings[].hostID",
                                 "hooks.prestart[].path",
                                 "linux.namespaces[].type",
                                 "linux.devices[].type",
                                 "linux.devices[].path",
                                 "linux.devices[].major",
                                 "linux.devices[].minor",
                                 "linux.resources.devices[].allow",
                                 "linux.resources.blockIO.weightDevice[].major",
                                 "linux.resources.blockIO.throttleReadBpsDevice[].rate",
                                 "linux.resources.hugepageLimits[].pageSize",
                                 "linux.resources.hugepageLimits[].limit",
                                 "linux.resources.network.priorities[].name",
                                 "linux.resources.network.priorities[].priority",
                                 "linux.seccomp.defaultAction",
                                 "linux.seccomp.syscalls[].names",
                                 "linux.seccomp.syscalls[].action",
                                 "linux.seccomp.syscalls[].args[].index",
                                 "linux.seccomp.syscalls[].args[].value",
                                 "linux.seccomp.syscalls[].args[].op",
                                 "linux.memoryPolicy.mode",
                                 "linux.personality.domain"}) {
    json document = json::parse(kFullConfig);
    const Place place = Find(document, path);
    *place.value = nullptr;
    EXPECT_EQ(SentenceOf(document), StrCat(place.name, ": is required"));
  }
}

TEST(EveryField, OfADeviceThatIsAPipeNeedsNoNumbers) {
  json document = json::parse(kFullConfig);
  document["linux"]["devices"] = json::array({{{"type", "p"}, {"path", "/dev/pipe"}}});
  EXPECT_EQ(SentenceOf(document), "accepted");
}

}  // namespace
}  // namespace caisson::spec
