// SPDX-License-Identifier: Apache-2.0
// Commands at the wrong moment or with wrong words.
#include "tests/integration/errors/fixture.h"

namespace caisson::test {
namespace {

class CommandErrors : public Sentences {
 protected:
  struct Case {
    std::vector<std::string> args;
    int code;
    std::string sentence;
  };
  void ExpectEach(const std::vector<Case>& cases) const {
    for (const Case& c : cases) {
      SCOPED_TRACE(Join(c.args, " "));
      const CommandOutput ran = Plain(c.args);
      EXPECT_EQ(ran.status.ShellCode(), c.code);
      EXPECT_EQ(ran.err, c.sentence + "\n");
    }
  }
};

TEST_F(CommandErrors, ContainerThatIsNotThere) {
  constexpr char kSentence[] = "container \"nope\" does not exist";
  ExpectEach({{{"start", "nope"}, 1, kSentence},
              {{"state", "nope"}, 1, kSentence},
              {{"kill", "nope"}, 1, kSentence},
              {{"delete", "nope"}, 1, kSentence},
              {{"pause", "nope"}, 1, kSentence},
              {{"exec", "nope", "true"}, 255, StrCat("exec failed: ", kSentence)}});
}

TEST_F(CommandErrors, ContainerInAnotherState) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("state");
  ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok());
  const std::string quoted = StrCat("\"", id, "\"");

  ExpectEach({
      {{"create", "-b", bundle_.path(), id},
       1,
       StrCat("container with given ID already exists: ", quoted,
              " (try: choose another id, or delete that container)")},
      {{"start", id}, 1, StrCat("cannot start an already running container: ", quoted)},
      {{"resume", id}, 1, StrCat("container not paused: ", quoted, " is running")},
      {{"delete", id},
       1,
       StrCat("cannot delete container ", quoted,
              " that is not stopped: running (try: kill it first, or use --force)")},
      {{"kill", id, "SIGFOO"}, 1, "unknown signal \"SIGFOO\""},
  });
}

TEST_F(CommandErrors, Exec) {
  bundle_.Args({"/bin/sleep", "600"});
  bundle_.dir().Write("rootfs/etc/passwd", "");
  const std::string id = caisson_.Id("exec");
  ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok());

  ExpectEach({
      {{"exec", id, "nope"},
       255,
       "exec failed: exec: \"nope\": executable file not found in $PATH (try: install it in the "
       "image, or give its path in process.args[0])"},
      {{"exec", id, "/etc/passwd"},
       255,
       "exec failed: exec: \"/etc/passwd\": permission denied (try: it must be a file with the x "
       "bit, on a mount without noexec)"},
      {{"exec", "--cwd", "/nope", id, "true"},
       255,
       "exec failed: chdir to cwd (\"/nope\") set in config.json failed: no such file or "
       "directory"},
      {{"exec", "--user", "abc", id, "true"},
       255,
       "exec failed: invalid id \"abc\" for --user (try: give a number: names are not looked up in "
       "the container)"},
      {{"exec", "-e", "X", id, "true"},
       255,
       "exec failed: process.env[2]: \"X\" is not of the form NAME=value"},
      {{"exec", "-t", "--console-socket", "/nope", id, "true"},
       255,
       "exec failed: console socket: connect \"/nope\": No such file or directory (ENOENT)"},
  });
}

TEST_F(CommandErrors, SocketPathThatIsTooLong) {
  bundle_.process().terminal = true;
  bundle_.Save();
  const std::string path = StrCat("/", std::string(119, 'x'));
  const CommandOutput ran =
      Plain({"create", "--console-socket", path, "-b", bundle_.path(), caisson_.Id("socket")});
  EXPECT_EQ(ran.err, StrCat("console socket: socket path \"", path,
                            "\" has 120 bytes; the kernel takes at most 107 (try: use a shorter "
                            "directory)\n"));
}

}  // namespace
}  // namespace caisson::test
