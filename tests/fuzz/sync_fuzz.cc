// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "runtime/base/socket.h"
#include "runtime/launch/process_plan.h"
#include "runtime/spec/config.h"
#include "runtime/sync/channel.h"

// What an init that is no longer ours might send: the first byte is how many packets are expected,
// then come packets of a length byte and their bytes. The parent takes only what the sequence
// allows, and finds words for any failure, whatever step and errno it names.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  if (size < 2) return 0;
  static const auto config = [] {
    spec::Process process;
    process.args = {"/bin/true"};
    process.cwd = "/";
    process.rlimits = {{.type = "RLIMIT_NOFILE", .hard = 1024, .soft = 1024}};
    return process;
  }();
  static const spec::Linux linux_config;
  launch::ProcessRequest request;
  request.process = &config;
  request.linux = &linux_config;
  static const auto plan = launch::ProcessPlan::Build(request);
  if (!plan) std::abort();

  auto pair = SeqpacketPair();
  if (!pair) return 0;
  std::vector<sync::Type> expected;
  for (int i = 0; i < data[0] % 4; ++i)
    expected.push_back(static_cast<sync::Type>(1 + (data[0] / 4 + i) % 9));
  sync::Channel channel(std::move(pair->first), sync::Sequence(std::move(expected)));
  for (std::size_t at = 1; at < size;) {
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
    if (::send(pair->second.get(), data + at + 1, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
    at += 1 + length;
    const auto got = channel.Receive(Deadline::After(std::chrono::milliseconds(0)));
    if (!got || got->eof) continue;
    if (got->message.magic != sync::Message::kMagic) std::abort();
    if (got->message.type == sync::Type::kFailed && plan->Explain(got->message).ToString().empty())
      std::abort();
  }
  return 0;
}
