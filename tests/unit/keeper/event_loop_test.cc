// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <vector>

#include "agent/keeper/container_output.h"
#include "tests/support/temp_dir.h"

namespace caisson::keeper {
namespace {

struct Pipe {
  Pipe() {
    int raw[2] = {-1, -1};
    EXPECT_EQ(::pipe2(raw, O_CLOEXEC), 0);
    read_end = UniqueFd(raw[0]);
    write_end = UniqueFd(raw[1]);
  }
  void Put(std::string_view text) const {
    EXPECT_EQ(::write(write_end.get(), text.data(), text.size()), std::ssize(text));
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

TEST(EventLoop, HandlerIsCalledAndMayStop) {
  const auto loop = EventLoop::Make();
  ASSERT_TRUE(loop);
  const Pipe pipe;
  int calls = 0;
  ASSERT_TRUE((*loop)->Watch(pipe.read_end, EPOLLIN, [&](std::uint32_t) {
    ++calls;
    (*loop)->Stop();
  }));
  pipe.Put("x");

  ASSERT_TRUE((*loop)->Run());

  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, HandlerMayUnwatchItselfAndOthers) {
  const auto loop = EventLoop::Make();
  ASSERT_TRUE(loop);
  const Pipe one;
  const Pipe two;
  int calls = 0;
  const auto handler = [&](std::uint32_t) {
    ++calls;
    (*loop)->Unwatch(one.read_end);
    (*loop)->Unwatch(two.read_end);
    (*loop)->After(std::chrono::milliseconds(1), [&] { (*loop)->Stop(); });
  };
  ASSERT_TRUE((*loop)->Watch(one.read_end, EPOLLIN, handler));
  ASSERT_TRUE((*loop)->Watch(two.read_end, EPOLLIN, handler));
  one.Put("x");
  two.Put("x");

  ASSERT_TRUE((*loop)->Run());

  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, TimersRunInTheOrderOfTheirTimes) {
  const auto loop = EventLoop::Make();
  ASSERT_TRUE(loop);
  std::vector<int> order;
  (*loop)->After(std::chrono::milliseconds(20), [&] {
    order.push_back(2);
    (*loop)->Stop();
  });
  (*loop)->After(std::chrono::milliseconds(1), [&] { order.push_back(1); });

  ASSERT_TRUE((*loop)->Run());

  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(ContainerOutput, DrainTakesWhatIsThereAndTheLineWithoutEnd) {
  const test::TempDir dir;
  const auto loop = EventLoop::Make();
  ASSERT_TRUE(loop);
  auto log = LogFile::Open(dir / "0.log", {});
  ASSERT_TRUE(log);
  ContainerOutput output(**loop, std::move(*log));
  Pipe pipe;
  ASSERT_TRUE(output.Add(LogStream::kStdout, std::move(pipe.read_end)));
  pipe.Put("one\ntwo");
  pipe.write_end.Reset();

  output.Drain();

  const std::string text = dir.Read("0.log");
  EXPECT_NE(text.find(" stdout F one\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" stdout F two\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace caisson::keeper
