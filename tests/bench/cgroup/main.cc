// SPDX-License-Identifier: Apache-2.0
//
// A container's cgroup beside its floor, and a scrape of many cgroups.
//   bench_cgroup lifecycle ROUNDS    both take turns; times of birth and death
//   bench_cgroup once floor|ours|nothing   one birth and death, for counting system calls
//   bench_cgroup scrape PODS         CPU time of /metrics/cadvisor with two containers a pod
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "metrics/cgroup_collector.h"
#include "runtime/cgroup/manager.h"
#include "tests/bench/cgroup/floor.h"

namespace caisson {
namespace {

using Clock = std::chrono::steady_clock;

int Fail(const Error& error) {
  (void)fprintf(stderr, "bench_cgroup: %s\n", error.ToString().c_str());
  return 1;
}

double Milliseconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Deadline Soon() { return Deadline::After(std::chrono::seconds(10)); }

// A process that waits to be killed. fork, so that both contenders pay the same for it.
pid_t Sleeper() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  return pid;
}

void End(pid_t pid) {
  (void)::kill(pid, SIGKILL);
  (void)::waitpid(pid, nullptr, 0);
}

struct Times {
  std::vector<double> birth_ms, death_ms;
};

Status Ours(const cgroup::Layout& layout, const std::string& name, Times& times) {
  CAISSON_ASSIGN(cgroup::Manager manager, cgroup::Manager::Plan(layout, {.container_id = name}));
  const pid_t pid = Sleeper();
  Status done = Ok();
  times.birth_ms.push_back(Milliseconds([&] {
    done = manager.Create();
    if (done) done = manager.AddProcess(pid);
  }));
  End(pid);
  times.death_ms.push_back(Milliseconds([&] {
    const Status removed = manager.Remove(Soon());
    if (done && !removed) done = removed;
  }));
  return done;
}

void Floor(const cgroup::Layout& layout, const std::string& name, Times& times) {
  const pid_t pid = Sleeper();
  times.birth_ms.push_back(Milliseconds([&] { bench::FloorBirth(layout, name, pid); }));
  End(pid);
  times.death_ms.push_back(Milliseconds([&] { bench::FloorDeath(layout, name); }));
}

int Lifecycle(const cgroup::Layout& layout, const std::string& name, int rounds) {
  Times floor;
  Times ours;
  for (int i = 0; i < rounds; ++i) {
    Floor(layout, name, floor);
    if (const Status done = Ours(layout, name, ours); !done) return Fail(done.error());
  }
  (void)printf("cgroup in %zu hierarchies, %d rounds in turns: median in ms\n",
               layout.hierarchies.size(), rounds);
  (void)printf("  make and join  floor %.3f  ours %.3f   %.2f x floor\n", Median(floor.birth_ms),
               Median(ours.birth_ms), Median(ours.birth_ms) / Median(floor.birth_ms));
  (void)printf("  remove         floor %.3f  ours %.3f   %.2f x floor\n", Median(floor.death_ms),
               Median(ours.death_ms), Median(ours.death_ms) / Median(floor.death_ms));
  return 0;
}

int Once(const cgroup::Layout& layout, const std::string& name, const std::string& who) {
  Times times;
  if (who == "floor") Floor(layout, name, times);
  if (who == "nothing") End(Sleeper());
  if (who != "ours") return 0;
  const Status done = Ours(layout, name, times);
  return done ? 0 : Fail(done.error());
}

double CpuMs() {
  rusage usage{};
  (void)::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

Status MakePods(const cgroup::Layout& layout, const std::string& name, int pods,
                std::vector<cgroup::Manager>& made, std::vector<metrics::Target>& targets) {
  const auto add = [&](const std::string& path, metrics::Target target) -> Status {
    CAISSON_ASSIGN(cgroup::Manager manager, cgroup::Manager::Plan(layout, {.cgroups_path = path}));
    CAISSON_TRY(manager.Create());
    target.id = path;
    target.record = manager.record();
    made.push_back(std::move(manager));
    targets.push_back(std::move(target));
    return Ok();
  };
  CAISSON_TRY(add(StrCat("/", name), {.level = metrics::Level::kPod}));
  for (int i = 0; i < pods; ++i) {
    const std::string pod = StrCat("/", name, "/pod-", i);
    const std::string pod_name = StrCat("a-pod-of-usual-name-", i);
    CAISSON_TRY(add(pod, {.level = metrics::Level::kPod,
                          .pod = pod_name,
                          .ns = "default",
                          .net_dev_path = "/proc/self/net/dev"}));
    for (const char* container : {"web", "sidecar"}) {
      CAISSON_TRY(
          add(StrCat(pod, "/", container), {.name = StrCat(container, "-0123456789abcdef-", i),
                                            .image = "registry.example/team/image:1.2.3",
                                            .container = container,
                                            .pod = pod_name,
                                            .ns = "default",
                                            .start_time_s = 1}));
    }
  }
  return Ok();
}

int Scrape(const cgroup::Layout& layout, const std::string& name, int pods) {
  rlimit files{1 << 16, 1 << 16};
  (void)::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<cgroup::Manager> made;
  std::vector<metrics::Target> targets;
  const Status ready = MakePods(layout, name, pods, made, targets);
  std::vector<double> cpu_ms;
  std::size_t bytes = 0;
  if (ready) {
    metrics::Sampler sampler([&] { return targets; },
                             metrics::StatsGroupsFor(metrics::kDefaultSeries));
    (void)metrics::CadvisorText(sampler);  // opens the files
    for (int i = 0; i < 9; ++i) {
      const double before = CpuMs();
      bytes = metrics::CadvisorText(sampler).size();
      cpu_ms.push_back(CpuMs() - before);
    }
  }
  for (auto manager = made.rbegin(); manager != made.rend(); ++manager)
    (void)manager->Remove(Soon());  // what cannot go is told by the leak checker
  if (!ready) return Fail(ready.error());
  (void)printf("scrape of %d pods with 2 containers each: %.1f ms CPU (median), %zu KiB\n", pods,
               Median(cpu_ms), bytes / 1024);
  return 0;
}

int Run(const std::vector<std::string>& words) {
  const auto layout = cgroup::Layout::Detect();
  if (!layout) return Fail(layout.error());
  const std::string name = StrCat("caisson-bench-", ::getpid());
  const auto number = words.size() == 2 ? ParseInt<int>(words[1]) : std::nullopt;
  if (number && *number > 0 && words[0] == "lifecycle") return Lifecycle(*layout, name, *number);
  if (number && *number > 0 && words[0] == "scrape") return Scrape(*layout, name, *number);
  if (words.size() == 2 && words[0] == "once") return Once(*layout, name, words[1]);
  (void)fprintf(stderr,
                "usage: bench_cgroup lifecycle ROUNDS | once floor|ours|nothing | scrape PODS\n");
  return 2;
}

}  // namespace
}  // namespace caisson

int main(int argc, char** argv) {
  return caisson::Run(std::vector<std::string>(argv + 1, argv + argc));
}
