// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/exec_block.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/in_child.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::process {
namespace {

using test::InChild;
using test::Need;
using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

spec::Process Program(std::vector<std::string> args, std::vector<std::string> env = {}) {
  spec::Process process;
  process.args = std::move(args);
  process.env = std::move(env);
  process.cwd = "/";
  return process;
}

ExecBlock Built(const spec::Process& process, const ExecExtras& extras = {}) {
  auto block = ExecBlock::Build(process, extras);
  EXPECT_TRUE(block) << block.error().message();
  return std::move(block).value();
}

std::string Sentence(const spec::Process& process) {
  const auto block = ExecBlock::Build(process);
  return block ? "no error" : block.error().message();
}

std::vector<std::string> List(char* const* pointers) {
  std::vector<std::string> texts;
  for (; *pointers != nullptr; ++pointers) texts.emplace_back(*pointers);
  return texts;
}
std::vector<std::string> Candidates(const ExecView& view) {
  return {view.candidates, view.candidates + view.candidate_count};
}

TEST(ExecBlock, HoldsArgumentsAndEnvironmentEvenAfterAMove) {
  ExecBlock first = Built(Program({"/bin/sh", "-c", ""}, {"A=1", "HOME=/x"}));
  const ExecBlock block = std::move(first);
  const ExecView view = block.view();

  EXPECT_THAT(List(view.argv), ElementsAre("/bin/sh", "-c", ""));
  EXPECT_THAT(List(view.envp), ElementsAre("A=1", "HOME=/x"));
  EXPECT_EQ(view.home, nullptr);
  EXPECT_STREQ(view.cwd, "/");
}

TEST(ExecBlock, LastOfSeveralVariablesWins) {
  const ExecBlock block =
      Built(Program({"x"}, {"A=1", "B=2", "A=3", "HOME=/h"}), {.env = {"LISTEN_FDS=1"}});

  EXPECT_THAT(List(block.view().envp), ElementsAre("B=2", "A=3", "HOME=/h", "LISTEN_FDS=1"));
}

TEST(ExecBlock, HomeHasRoomWhenNoneOrAnEmptyOneIsGiven) {
  for (const auto& env : {std::vector<std::string>{}, std::vector<std::string>{"HOME="},
                          std::vector<std::string>{"HOME=/early", "HOME="}}) {
    const ExecBlock block = Built(Program({"x"}, env));
    EXPECT_THAT(List(block.view().envp), ElementsAre("HOME=/"));
    EXPECT_GT(block.view().home_capacity, 4096u);
  }
}

TEST(ExecBlock, ATerminalAddsNoVariable) {
  spec::Process process = Program({"x"}, {"HOME=/"});
  process.terminal = true;
  EXPECT_THAT(List(Built(process).view().envp), ElementsAre("HOME=/"));
}

TEST(ExecBlock, NamesAreLookedForInThePathOfTheContainer) {
  EXPECT_THAT(Candidates(Built(Program({"sh"}, {"PATH=/a:/b/:c:"})).view()),
              ElementsAre("/a/sh", "/b//sh", "/c/sh", "/./sh"));
  EXPECT_EQ(Candidates(Built(Program({"sh"})).view()).size(), 6u) << "the default PATH";
}

TEST(ExecBlock, PathsAreTakenAsTheyAreFromTheWorkingDirectory) {
  spec::Process process = Program({"./run"});
  process.cwd = "/srv";
  EXPECT_THAT(Candidates(Built(process).view()), ElementsAre("/srv/./run"));
  process.args = {"/bin/run"};
  EXPECT_THAT(Candidates(Built(process).view()), ElementsAre("/bin/run"));
}

TEST(ExecBlock, MistakesNameTheMember) {
  EXPECT_EQ(Sentence(Program({})), "process.args: no program given");
  EXPECT_EQ(Sentence(Program({"x", std::string("a\0b", 3)})), "process.args[1]: has a NUL byte");
  EXPECT_EQ(Sentence(Program({"x"}, {"A=1", "B"})), "process.env[1]: \"B\" is not NAME=value");
  EXPECT_EQ(Sentence(Program({"x"}, {"=1"})), "process.env[0]: \"=1\" is not NAME=value");
  EXPECT_EQ(Sentence(Program({"x"}, {std::string("A=\0", 3)})), "process.env[0]: has a NUL byte");
  EXPECT_EQ(Sentence(Program({"x"}, {"A\nB=1"})),
            "process.env[0]: its name has a control character");
  spec::Process process = Program({"x"});
  process.cwd = "srv";
  EXPECT_EQ(Sentence(process), "process.cwd: \"srv\" is not an absolute path");
}

TEST(ExecBlock, NewLinesInValuesAreTheUsersBusiness) {
  EXPECT_EQ(Sentence(Program({"x"}, {"CERT=a\nb"})), "no error");
}

TEST(ExecBlock, MegabyteOfEnvironmentIsNoTrouble) {
  std::vector<std::string> env;
  for (int i = 0; i < 20000; ++i) env.push_back(StrCat("N", i, "=", std::string(50, 'v')));

  EXPECT_EQ(List(Built(Program({"x"}, env)).view().envp).size(), 20001u);
}

TEST(ResolveExecutable, FindsTheFirstThatCanBeExecuted) {
  const TempDir dir;
  dir.Write("a/tool", "");
  dir.Write("b/tool", "");
  ASSERT_EQ(::chmod((dir / "b/tool").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((dir / "c").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((dir / "c/tool").c_str(), 0755), 0);
  const ExecBlock block =
      Built(Program({"tool"}, {StrCat("PATH=", dir / "c", ":", dir / "a", ":", dir / "b")}));

  const Executable found = ResolveExecutable(block.view());

  EXPECT_EQ(found.sys_errno, 0);
  EXPECT_EQ(found.path, dir / "b/tool");
}

TEST(ResolveExecutable, FailuresReadAsGoWritesThem) {
  const TempDir dir;
  dir.Write("plain", "");
  const auto sentence = [](const std::string& program) {
    const ExecBlock block = Built(Program({program}, {"PATH=/nowhere"}));
    return block.ExplainResolve(ResolveExecutable(block.view()).sys_errno).message();
  };

  EXPECT_EQ(sentence("foo"), "exec: \"foo\": executable file not found in $PATH");
  EXPECT_EQ(sentence("/foo"), "exec: \"/foo\": stat /foo: no such file or directory");
  EXPECT_EQ(sentence(dir / "plain"), StrCat("exec: \"", dir / "plain", "\": permission denied"));
  EXPECT_EQ(sentence(dir.path()), StrCat("exec: \"", dir.path(), "\": permission denied"));
  EXPECT_EQ(sentence(dir / "plain/x"),
            StrCat("exec: \"", dir / "plain/x", "\": stat ", dir / "plain/x", ": not a directory"));
}

TEST(ResolveExecutable, CodesDecideTheExitStatusOfClients) {
  const ExecBlock block = Built(Program({"/foo"}));
  EXPECT_EQ(block.ExplainResolve(ENOENT).code(), Code::kNotFound);
  EXPECT_EQ(block.ExplainResolve(EACCES).code(), Code::kDenied);
  EXPECT_EQ(Built(Program({"foo"})).ExplainResolve(ENOENT).code(), Code::kNotFound);
}

TEST(Execute, WhatTheKernelDoesNotRunIsExplained) {
  const TempDir dir;
  dir.Write("garbage", "\x01\x02\x03");
  dir.Write("script", "#!/no/such/interpreter\n");
  for (const char* name : {"garbage", "script"}) ASSERT_EQ(::chmod((dir / name).c_str(), 0755), 0);
  const auto run = [&](const char* name) {
    return InChild([&]() -> std::string {
             const ExecBlock block = Built(Program({dir / name}));
             return block.ExplainExec(Execute(block.view(), (dir / name).c_str())).ToString();
           })
        .said;
  };

  EXPECT_EQ(run("garbage"), StrCat("exec ", dir / "garbage",
                                   ": exec format error (try: built for another architecture, or "
                                   "a script without a #! line)"));
  EXPECT_THAT(run("script"), HasSubstr(": no such file or directory (try: the file is there, so "
                                       "its interpreter"));
}

// In a child that has `root` as its root.
std::string Inside(const TempDir& root, const std::function<std::string()>& body) {
  return InChild([&]() -> std::string {
           if (::chroot(root.path().c_str()) != 0 || ::chdir("/") != 0) return "chroot";
           return body();
         })
      .said;
}

std::string HomeOf(const TempDir& root, std::uint32_t uid) {
  return Inside(root, [&]() -> std::string {
    spec::Process process = Program({"x"});
    process.user.uid = uid;
    const ExecBlock block = Built(process);
    FillHome(block.view());
    return block.view().home;
  });
}

TEST(FillHome, ComesFromTheLineOfTheUsersNumber) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  root.Write("etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/srv/web:/bin/sh\nlast:x:7:7::/last");

  EXPECT_EQ(HomeOf(root, 0), "HOME=/root");
  EXPECT_EQ(HomeOf(root, 1000), "HOME=/srv/web");
  EXPECT_EQ(HomeOf(root, 7), "HOME=/last");
  EXPECT_EQ(HomeOf(root, 1001), "HOME=/");
}

TEST(FillHome, Cve2016_3697_NameThatIsANumberIsNotThatUser) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  root.Write("etc/passwd", "1000:x:0:0::/root:/bin/sh\n");

  EXPECT_EQ(HomeOf(root, 1000), "HOME=/");
}

TEST(FillHome, OddLinesAreNobodys) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  const std::string long_line(100000, 'x');
  root.Write("etc/passwd", StrCat(long_line, "\n\n:::::\na:x:5:0::relative:\nb:x: 5:0::/b:\n",
                                  "c:x:+5:0::/c:\nd:x:5:0::/d\x01:\ne:x:4294967301:0::/e:\n",
                                  "f:x:5:0::/good:\n"));

  EXPECT_EQ(HomeOf(root, 5), "HOME=/good");
}

TEST(FillHome, FifoInPlaceOfTheFileDoesNotHangTheStart) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  ASSERT_EQ(::mkdir((root / "etc").c_str(), 0755), 0);
  ASSERT_EQ(::mkfifo((root / "etc/passwd").c_str(), 0644), 0);
  EXPECT_EQ(HomeOf(root, 0), "HOME=/");
}

TEST(EnterCwd, Cve2024_21626_DirectoryOutsideTheRootIsLeftAtOnce) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  ASSERT_EQ(::mkdir((root / "in").c_str(), 0755), 0);
  const UniqueFd outside(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

  const std::string said = Inside(root, [&]() -> std::string {
    // The way in: a descriptor of the host that is still open when the directory is entered.
    if (::fchdir(outside.get()) != 0) return "fchdir";
    spec::Process process = Program({"x"});
    process.cwd = "/in";
    const int good = EnterCwd(Built(process).view());
    if (::fchdir(outside.get()) != 0) return "fchdir";
    ExecBlock block = Built(process);
    ExecView view = block.view();
    view.cwd = ".";
    const int bad = EnterCwd(view);
    char where[64];
    return StrCat(good, " ", bad, " ", ::getcwd(where, sizeof where) != nullptr ? where : "gone");
  });

  EXPECT_EQ(said, StrCat("0 ", EXDEV, " /"));
}

TEST(EnterCwd, Cve2024_21626_MagicLinkIsNoWay) {
  CAISSON_REQUIRE(Need::kRoot);
  const UniqueFd outside(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  spec::Process process = Program({"x"});
  process.cwd = StrCat("/proc/self/fd/", outside.get(), "/tmp");

  EXPECT_EQ(EnterCwd(Built(process).view()), ELOOP);
}

TEST(ExplainCwd, HasTheKeyWordsOfRunc) {
  spec::Process process = Program({"x"});
  process.cwd = "/srv";
  EXPECT_EQ(Built(process).ExplainCwd(EACCES).ToString(),
            "chdir to cwd (\"/srv\") set in config.json failed: permission denied (try: "
            "process.user may not enter it)");
  EXPECT_EQ(Built(process).ExplainCwd(EXDEV).message(),
            "process.cwd \"/srv\": lies outside the container");
}

}  // namespace
}  // namespace caisson::process
