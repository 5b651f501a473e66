// SPDX-License-Identifier: Apache-2.0
// What `checkpoint` and `restore` say when they cannot. What they do is seen where CRIU knows the
// kernel: tests/vm/checks/checkpoint.
#include "runtime/base/socket.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

class Checkpoint : public Lifecycle {};

TEST_F(Checkpoint, WithoutCriuBothSayWhatToInstall) {
  bundle_.Shell("exec sleep 600");
  const std::string id = caisson_.Id("kept");
  ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok());
  const std::string image = caisson_.dir() / "image";

  const CommandOutput kept =
      caisson_.Run({"--criu", "/no/criu", "checkpoint", "--image-path", image, id});

  EXPECT_EQ(kept.status.code, 1);
  EXPECT_THAT(kept.err, HasSubstr("run \\\"/no/criu\\\": No such file or directory (ENOENT) (try: "
                                  "install criu, or give its path with --criu)"));
  EXPECT_THAT(caisson_.Run({"state", id}).out, HasSubstr("\"running\""));

  const std::string other = caisson_.Id("back");
  const CommandOutput back = caisson_.Run({"--criu", "/no/criu", "restore", "--image-path",
                                           caisson_.dir() / "none", "-b", bundle_.path(), other});

  EXPECT_EQ(back.status.code, 1);
  EXPECT_THAT(back.err, HasSubstr("install criu, or give its path with --criu"));
  EXPECT_EQ(caisson_.Run({"state", other}).status.code, 1);
}

TEST_F(Checkpoint, OnlyWhatRunsCanBeKept) {
  bundle_.Shell("exec sleep 600");
  const std::string id = caisson_.Id("created");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());

  const CommandOutput refused =
      caisson_.Run({"checkpoint", "--image-path", caisson_.dir() / "image", id});

  EXPECT_EQ(refused.status.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("container not running or paused: "));
}

TEST_F(Checkpoint, AContainerWithATerminalIsRefused) {
  bundle_.process().terminal = true;
  bundle_.Shell("exec sleep 600");
  const std::string id = caisson_.Id("terminal");
  const std::string path = caisson_.dir() / "console.sock";
  auto console = ListenUnix(path, SocketType::kStream);
  ASSERT_TRUE(console);
  ASSERT_TRUE(
      caisson_.RunDetached({"run", "-d", "--console-socket", path, "-b", bundle_.path(), id})
          .status.ok())
      << caisson_.DetachedErrors();

  const CommandOutput refused =
      caisson_.Run({"checkpoint", "--image-path", caisson_.dir() / "image", id});

  EXPECT_EQ(refused.status.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("has a terminal, whose other end is outside (try: create it "
                                     "with process.terminal false)"));
}

TEST_F(Checkpoint, WrongOptionsAreNamed) {
  const struct {
    std::vector<std::string> options;
    const char* says;
  } cases[] = {
      {{"--manage-cgroups-mode", "loose"}, "invalid manage-cgroups-mode"},
      {{"--empty-ns", "mount"}, "network is the only one that can be left empty"},
      {{"--page-server", "here"}, "give ADDRESS:PORT for --page-server"},
      {{"--parent-path", "/before"}, "give it relative to --image-path"},
      {{"--status-fd", "77"}, "give the number of an open descriptor"},
  };
  for (const auto& [options, says] : cases) {
    std::vector<std::string> args = {"checkpoint"};
    args.insert(args.end(), options.begin(), options.end());
    args.emplace_back("none");

    const CommandOutput refused = caisson_.Run(args);

    EXPECT_EQ(refused.status.code, 1);
    EXPECT_THAT(refused.err, HasSubstr(says));
  }
}

}  // namespace
}  // namespace caisson::test
