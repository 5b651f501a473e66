// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec/config.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/unit/spec/full_config.h"

namespace caisson::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string WithMember(std::string_view member) {
  return StrCat(R"({"ociVersion": "1.3.0", )", member, "}");
}

std::string SentenceOf(std::string_view json) {
  const auto config = ParseConfig(json);
  if (config) return "accepted";
  EXPECT_EQ(config.error().code(), Code::kInvalidSpec);
  return config.error().message();
}

// The text of the document and what is written from it are compared as JSON trees, so a member
// that is not read, or not written, or under another name, is seen.
TEST(ParseConfig, EveryMemberOfTheSpecificationSurvivesReadingAndWriting) {
  const auto config = ParseConfig(kFullConfig);

  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(nlohmann::json::parse(ToJson(*config)), nlohmann::json::parse(kFullConfig));
  EXPECT_EQ(nlohmann::json::parse(ToJson(*config, "\t")), nlohmann::json::parse(kFullConfig));
}

TEST(ParseConfig, APidsLimitOfZeroMeansWhatItMeantInItsVersion) {
  const auto limit = [](std::string_view version) {
    return ParseConfig(StrCat(R"({"ociVersion": ")", version,
                              R"(", "linux": {"resources": {"pids": {"limit": 0}}}})"))
        ->linux.resources.pids->limit;
  };
  EXPECT_EQ(limit("1.0.2-dev"), -1);
  EXPECT_EQ(limit("1.2.1"), -1);
  EXPECT_EQ(limit("1.3.0"), 0);
}

TEST(ParseConfig, ValuesLandInTheirFields) {
  const auto config = ParseConfig(kFullConfig);

  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->process->user.umask, 077u);
  EXPECT_THAT(config->process->user.additional_gids, ElementsAre(5u, 4294967295u));
  EXPECT_EQ(config->process->rlimits[0].hard, UINT64_MAX);
  EXPECT_EQ(config->linux.resources.devices[1].minor, -1);
  EXPECT_EQ(config->linux.FindNamespace(NamespaceType::kNetwork)->path, "/run/netns/web");
  EXPECT_EQ(config->linux.net_devices[1].host_name, "eth0");
  EXPECT_EQ(config->linux.net_devices[1].container_name, "lan0");
  EXPECT_EQ(config->linux.time_offsets[0].clock, "boottime");
  EXPECT_EQ(config->linux.time_offsets[0].secs, -3);
  EXPECT_EQ(config->linux.resources.block_io->throttle_write_iops_device[0].rate, 300u);
}

TEST(ParseConfig, UnknownMembersAndNullAreIgnored) {
  const auto config = ParseConfig(
      WithMember(R"("process": null, "x-vendor": {"a": [1]}, "hostname": "h", "windows": 3)"));

  ASSERT_TRUE(config) << config.error().message();
  EXPECT_FALSE(config->process);
  EXPECT_EQ(config->hostname, "h");
}

TEST(ParseConfig, TheCaseOfANameCountsOnlyBesideAnExactOne) {
  const auto config = ParseConfig(R"({"ociVersion": "1.0.2", "HOSTNAME": "a", "domainName": "b",
                                      "domainname": "c"})");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->hostname, "a");
  EXPECT_EQ(config->domainname, "c");
}

TEST(ParseConfig, WrongValuesAreNamedByTheirPath) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("hostname": 3)", "hostname: must be a string, not 3"},
      {R"("process": [])", "process: must be an object"},
      {R"("process": {})", "process.cwd: is required"},
      {R"("process": {"cwd": "/", "args": "sh"})", "process.args: must be a list, not \"sh\""},
      {R"("process": {"cwd": "/", "args": ["sh", null]})", "process.args[1]: must not be null"},
      {R"("process": {"cwd": "/", "args": ["a\u0000b"]})",
       "process.args[0]: must not contain a NUL byte"},
      {R"("process": {"cwd": "/", "terminal": "yes"})",
       "process.terminal: must be true or false, not \"yes\""},
      {R"("process": {"cwd": "/", "user": {"uid": -1, "gid": 0}})",
       "process.user.uid: must be a whole number from 0 to 4294967295, not -1"},
      {R"("process": {"cwd": "/", "user": {"uid": 4294967296, "gid": 0}})",
       "process.user.uid: must be a whole number from 0 to 4294967295, not 4294967296"},
      {R"("process": {"cwd": "/", "user": {"uid": 1.5, "gid": 0}})",
       "process.user.uid: must be a whole number from 0 to 4294967295, not 1.5"},
      {R"("linux": {"resources": {"memory": {"limit": "1G"}}})",
       "linux.resources.memory.limit: must be a number, not \"1G\""},
      {R"("linux": {"resources": {"memory": {"limit": 9223372036854775808}}})",
       "linux.resources.memory.limit: must be a whole number from -9223372036854775808 to "
       "9223372036854775807, not 9223372036854775808"},
      {R"("linux": {"resources": {"blockIO": {"weight": 70000}}})",
       "linux.resources.blockIO.weight: must be a whole number from 0 to 65535, not 70000"},
      {R"("linux": {"resources": {"devices": [{"allow": true, "type": "x"}]}})",
       "linux.resources.devices[0].type: must be one of \"a\", \"b\", \"c\", not \"x\""},
      {R"("linux": {"namespaces": [{"type": "pid"}, {"type": "net"}]})",
       "linux.namespaces[1].type: must be one of pid, network, mount, ipc, uts, user, cgroup, "
       "time, not \"net\""},
      {R"("linux": {"namespaces": [{}]})", "linux.namespaces[0].type: is required"},
      {R"("linux": {"resources": {"rdma": {"mlx5_1": {"hcaHandles": -1}}}})",
       "linux.resources.rdma.mlx5_1.hcaHandles: must be a whole number from 0 to 4294967295, "
       "not -1"},
      {R"("annotations": {"a": 1})", "annotations.a: must be a string, not 1"},
  };
  for (const auto& [member, sentence] : cases) {
    SCOPED_TRACE(member);
    EXPECT_EQ(SentenceOf(WithMember(member)), sentence);
  }
  EXPECT_EQ(SentenceOf("{}"), "ociVersion: is required");
  EXPECT_EQ(SentenceOf("[]"), "the document must be an object");
}

TEST(ParseConfig, MalformedJsonIsToldWithLineAndColumn) {
  EXPECT_THAT(SentenceOf("{\n  \"ociVersion\": }"), HasSubstr("at line 2, column 17"));
  EXPECT_THAT(SentenceOf(""), HasSubstr("unexpected end of input"));
  EXPECT_THAT(SentenceOf("{\"ociVersion\": \"\xff\"}"), HasSubstr("ill-formed UTF-8"));
}

TEST(ParseConfig, DeepOrHugeInputIsRefusedAndNotFollowed) {
  EXPECT_EQ(SentenceOf(std::string(1'000'000, '[')), "JSON is nested deeper than 64 levels");
  EXPECT_EQ(SentenceOf(std::string((std::size_t{16} << 20) + 1, ' ')),
            "JSON is larger than 16777216 bytes");
  // Brackets in strings do not count.
  EXPECT_EQ(SentenceOf(WithMember(StrCat(R"("hostname": "\")", std::string(100, '['), "\""))),
            "accepted");
}

TEST(ParseConfig, LongWrongValuesAreCutInTheSentence) {
  const std::string json =
      WithMember(StrCat(R"("root": {"path": "r", "readonly": ")", std::string(500, 'x'), "\"}"));
  EXPECT_LT(SentenceOf(json).size(), 120u);
}

TEST(ParseProcess, ReadsTheObjectAlone) {
  const auto process = ParseProcess(R"({"cwd": "/", "args": ["id"], "user": {"uid": 7}})");

  ASSERT_TRUE(process) << process.error().message();
  EXPECT_EQ(process->user.uid, 7u);
  EXPECT_EQ(process->user.gid, 0u);
}

TEST(ParseResources, NamesThePathFromItsOwnRoot) {
  const auto resources = ParseResources(R"({"pids": {"limit": "many"}})");

  ASSERT_FALSE(resources);
  EXPECT_EQ(resources.error().message(), "pids.limit: must be a number, not \"many\"");
}

TEST(ToJson, EmptyPartsAreLeftOut) {
  Config config;
  config.oci_version = "1.3.0";
  config.root = Root{.path = "rootfs"};

  EXPECT_EQ(ToJson(config), R"({"ociVersion":"1.3.0","root":{"path":"rootfs"}})");
  EXPECT_EQ(ToJson(config, "  "),
            "{\n  \"ociVersion\": \"1.3.0\",\n  \"root\": {\n    \"path\": \"rootfs\"\n  }\n}");
}

TEST(NamespaceType, HasTheKernelsNamesAndFlags) {
  EXPECT_EQ(ProcNameOf(NamespaceType::kNetwork), "net");
  EXPECT_EQ(ProcNameOf(NamespaceType::kMount), "mnt");
  EXPECT_EQ(ProcNameOf(NamespaceType::kTime), "time");
  EXPECT_EQ(CloneFlagOf(NamespaceType::kUser), CLONE_NEWUSER);
}

}  // namespace
}  // namespace caisson::spec
