// SPDX-License-Identifier: Apache-2.0
// Configurations and names that are built to be misread.
#include <unistd.h>

#include "tests/integration/escape/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class EscapeByConfig : public EscapeTest {};

TEST_F(EscapeByConfig, Cve2021_43784_AHugeNamespacePathIsAnErrorAndNothingElse) {
  config_.linux.namespaces.push_back(
      {.type = spec::NamespaceType::kTime, .path = StrCat("/", std::string(70000, 'a'))});

  const auto ran = RunContainer({"/bin/id", "-u"});

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(ran.out, "");
}

TEST_F(EscapeByConfig, Cve2021_43784_ThousandsOfMappingsAreRefused) {
  config_.linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
  for (std::uint32_t i = 0; i < 6000; ++i) {
    config_.linux.uid_mappings.push_back({i * 2, 100000 + i * 2, 1});
    config_.linux.gid_mappings.push_back({i * 2, 100000 + i * 2, 1});
  }

  const auto ran = RunContainer({"/bin/id", "-u"});

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("apping"));
}

TEST_F(EscapeByConfig, Cve2022_0811_ASysctlCannotSmuggleAnother) {
  for (const auto& [key, value] :
       {std::pair{"net.ipv4.ip_forward", "0\nkernel.core_pattern=|/x"},
        std::pair{"kernel.core_pattern", "|/x"}, std::pair{"net/../kernel/core_pattern", "|/x"},
        std::pair{"net.ipv4/../../kernel/core_pattern", "|/x"}}) {
    SCOPED_TRACE(key);
    config_.linux.sysctl = {{key, value}};
    const std::string before = *ReadFile("/proc/sys/kernel/core_pattern");

    const auto ran = RunContainer();

    EXPECT_EQ(ran.status.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("sysctl"));
    EXPECT_EQ(*ReadFile("/proc/sys/kernel/core_pattern"), before);
  }
}

TEST_F(EscapeByConfig, AnIdIsNoPath) {
  WriteConfig();
  for (const char* id : {"../x", "a/b", "..", ".", "", "a b", "a\nb", "/abs"}) {
    SCOPED_TRACE(id);
    const auto ran = Caisson({"run", "--bundle", dir_->path(), id});
    EXPECT_NE(ran.status.code, 0);
    EXPECT_NE(::access((*dir_ / "x").c_str(), F_OK), 0);
  }
}

TEST_F(EscapeByConfig, ACgroupPathStaysInTheHierarchy) {
  for (const char* path : {"/../../evil", "../../../evil", "/a/../../evil"}) {
    SCOPED_TRACE(path);
    config_.linux.cgroups_path = path;
    const auto ran = RunContainer();
    EXPECT_EQ(ran.status.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("cgroupsPath"));
  }
}

TEST_F(EscapeByConfig, WithoutAMountNamespaceItStillRunsInItsRoot) {
  std::erase_if(config_.linux.namespaces, [](const spec::Namespace& entry) {
    return entry.type == spec::NamespaceType::kMount;
  });
  config_.linux.masked_paths.clear();
  config_.linux.readonly_paths.clear();
  dir_->Write("rootfs/etc/debian_version", "the container's\n");

  const auto ran = RunContainer({"/bin/cat", "/etc/debian_version", "/proc/self/comm"});

  EXPECT_EQ(ran.out, "the container's\ncat\n") << ran.err;
}

TEST_F(EscapeByConfig, AnOverflowingUserIdIsRefused) {
  WriteConfig();
  std::string json = dir_->Read("config.json");
  const std::string zero = "\"uid\":0";
  const auto at = json.find(zero);
  ASSERT_NE(at, std::string::npos);
  for (const char* uid : {"4294967296", "4294967295", "-1", "1.5", "\"0\""}) {
    SCOPED_TRACE(uid);
    std::string changed = json;
    changed.replace(at, zero.size(), StrCat("\"uid\":", uid));
    dir_->Write("config.json", changed);

    const auto ran = Caisson({"run", "--bundle", dir_->path(), Id()});

    EXPECT_NE(ran.status.code, 0);
    EXPECT_THAT(ran.err, HasSubstr("uid"));
  }
}

}  // namespace
}  // namespace caisson::test
