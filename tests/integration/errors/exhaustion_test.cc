// SPDX-License-Identifier: Apache-2.0
// Configurations that are too much: each is refused in a sentence, or simply works.
#include "tests/integration/errors/fixture.h"

namespace caisson::test {
namespace {

using ::testing::EndsWith;

class Exhaustion : public Sentences {
 protected:
  CommandOutput RunIt() { return Plain({"run", "-b", bundle_.path(), caisson_.Id("much")}); }
  static std::string Repeat(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out.append(text);
    return out;
  }
};

TEST_F(Exhaustion, DeepJsonIsRefused) {
  for (const std::string& deep :
       {StrCat(Repeat("[", 100'000), Repeat("]", 100'000)),
        StrCat("{\"ociVersion\": \"1.0.2\", \"x\": ", Repeat("{\"a\":", 100'000), "1",
               Repeat("}", 100'000), "}"),
        Repeat("[", 1'000'000)}) {
    bundle_.dir().Write("config.json", deep);
    const CommandOutput ran = RunIt();
    EXPECT_EQ(ran.status.code, 1);
    EXPECT_EQ(ran.err, InBundle("{bundle}/config.json: JSON is nested deeper than 64 levels\n"));
  }
}

TEST_F(Exhaustion, AHugeConfigurationIsRefused) {
  bundle_.dir().Write("config.json", StrCat("{\"a\": \"", std::string(17 << 20, 'x'), "\"}"));

  const CommandOutput ran = RunIt();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(ran.err, InBundle("file \"{bundle}/config.json\" is larger than 16777216 bytes\n"));
}

TEST_F(Exhaustion, AMegabyteOfEnvironmentWorksAndEightAreRefused) {
  bundle_.Shell("echo ${#V999}");
  for (int i = 0; i < 1000; ++i)
    bundle_.process().env.push_back(StrCat("V", i, "=", Repeat("x", 1000)));
  bundle_.Save();
  EXPECT_EQ(RunIt().out, "1000\n");

  for (int i = 1000; i < 8000; ++i)
    bundle_.process().env.push_back(StrCat("V", i, "=", Repeat("x", 1000)));
  bundle_.Save();
  const CommandOutput ran = RunIt();
  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(ran.err,
            "exec /bin/sh: argument list too long (try: process.args and process.env together are "
            "too long)\n");
}

TEST_F(Exhaustion, AVariableOfAMegabyteIsNamed) {
  bundle_.process().env.push_back(StrCat("LONG=", Repeat("x", 1 << 20)));
  bundle_.Save();

  const CommandOutput ran = RunIt();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(ran.err,
            "exec /bin/true: argument list too long (try: the variable \"LONG\" is longer than the "
            "131071 bytes that the kernel takes)\n");
}

TEST_F(Exhaustion, TenThousandMountsWork) {
  bundle_.config().mounts.push_back({.destination = "/tmp", .type = "tmpfs", .source = "tmpfs"});
  for (int i = 0; i < 10'000; ++i)
    bundle_.config().mounts.push_back({.destination = StrCat("/tmp/m", i),
                                       .type = "bind",
                                       .source = bundle_.RootPath("bin"),
                                       .options = {"bind"}});
  bundle_.Args({"/bin/test", "-e", "/tmp/m9999/busybox"});

  const CommandOutput ran = RunIt();

  EXPECT_TRUE(ran.status.ok()) << ran.err.substr(0, 500);
}

TEST_F(Exhaustion, AProfileOfTwentyThousandRulesIsRefusedAtOnce) {
  spec::Seccomp& seccomp = bundle_.config().linux.seccomp.emplace();
  seccomp.default_action = "SCMP_ACT_ALLOW";
  for (std::uint64_t i = 0; i < 20'000; ++i)
    seccomp.syscalls.push_back({.names = {"read"},
                                .action = "SCMP_ACT_ERRNO",
                                .args = {{.index = 0, .value = i, .op = "SCMP_CMP_EQ"}}});
  bundle_.Save();

  const CommandOutput ran = RunIt();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, EndsWith("linux.seccomp.syscalls: the program is longer than the kernel "
                                "takes (4096 instructions)\n"));
}

}  // namespace
}  // namespace caisson::test
