// SPDX-License-Identifier: Apache-2.0
//
// A pod's network beside its floor, in one run: both take turns, each on a bridge of its own in one
// new network namespace. The pod's namespace is made beforehand; both need one.
//   bench_pod_network [PODS]     100 by default
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "network/netlink/netns.h"
#include "network/pod_network/pod_network.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"
#include "tests/bench/pod_network/floor.h"

namespace caisson {
namespace {

using Clock = std::chrono::steady_clock;

template <class Work>
double Milliseconds(const Work& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double Quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * part)];
}

int Fail(const Error& error) {
  fprintf(stderr, "bench_pod_network: %s\n", error.ToString().c_str());
  return 1;
}

// A new network namespace; the calling thread stays where it is.
Result<UniqueFd> NewNetns() {
  UniqueFd made;
  CAISSON_ASSIGN(const UniqueFd home, network::OpenOwnNetns());
  CAISSON_TRY(network::InNetns(home, [&]() -> Status {
    if (::unshare(CLONE_NEWNET) < 0) return SysError("unshare", "network namespace");
    CAISSON_ASSIGN(made, network::OpenOwnNetns());
    return Ok();
  }));
  return made;
}

int Run(int pods, const std::string& folder) {
  if (::unshare(CLONE_NEWNET) < 0) return Fail(SysError("unshare", "network namespace"));
  network::PodNetworkConfig config;
  config.state_dir = StrCat(folder, "/network");
  auto network = network::PodNetwork::Open(config);
  if (!network) return Fail(network.error());
  bench::NetworkFloor floor("floorbridge");
  const auto home = network::OpenOwnNetns();
  if (!home) return Fail(home.error());

  std::vector<UniqueFd> held;
  std::vector<double> floor_ms;
  std::vector<double> attach_ms;
  std::vector<double> detach_ms;
  for (int i = 0; i < pods; ++i) {
    for (int each = 0; each < 2; ++each) {
      auto netns = NewNetns();
      if (!netns) return Fail(netns.error());
      held.push_back(std::move(*netns));
    }
    const UniqueFd& for_floor = held[held.size() - 2];
    floor_ms.push_back(Milliseconds([&] { floor.Attach(i, for_floor, *home); }));
    const network::AttachRequest request{StrCat("pod-", i), held.back(), StrCat("bench/", i), {}};
    Status attached = Ok();
    attach_ms.push_back(Milliseconds([&] {
      if (auto done = (*network)->Attach(request); !done) attached = std::move(done).error();
    }));
    if (!attached) return Fail(attached.error());
  }
  for (int i = 0; i < pods; ++i) {
    detach_ms.push_back(
        Milliseconds([&] { (void)(*network)->Detach(StrCat("pod-", i)); }));  // timed, not checked
  }
  const double floor_median = Quantile(floor_ms, 0.5);
  const double ours_median = Quantile(attach_ms, 0.5);
  printf("pod network without the namespace, %d pods in turns: median (p90) in ms\n", pods);
  printf("  floor   %6.3f (%.3f)\n", floor_median, Quantile(floor_ms, 0.9));
  printf("  attach  %6.3f (%.3f)   %.2f x floor\n", ours_median, Quantile(attach_ms, 0.9),
         ours_median / floor_median);
  printf("  detach  %6.3f (%.3f)\n", Quantile(detach_ms, 0.5), Quantile(detach_ms, 0.9));
  return 0;
}

}  // namespace
}  // namespace caisson

int main(int argc, char** argv) {
  const auto pods = caisson::ParseInt<int>(argc > 1 ? argv[1] : "100");
  if (argc > 2 || !pods || *pods < 1 || *pods > 1000) {
    fprintf(stderr, "usage: bench_pod_network [PODS]   (1 to 1000)\n");
    return 2;
  }
  char folder[] = "/tmp/caisson-bench-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return caisson::Fail(caisson::SysError("mkdtemp", folder));
  const int result = caisson::Run(*pods, folder);
  (void)caisson::RemoveTree(caisson::kCwd, folder);  // what is left under /tmp harms nobody
  return result;
}
