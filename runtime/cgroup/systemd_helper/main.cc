// SPDX-License-Identifier: Apache-2.0
// caisson-systemd [--user] start|set UNIT [NAME=SIGNATURE:VALUE...]
// caisson-systemd [--user] stop UNIT
// caisson-systemd [--user] attach UNIT PID
// caisson-systemd [--user] cgroup -
// The D-Bus side of the systemd cgroup driver; "cgroup" prints that of the manager itself. Ends
// with 0 when systemd has done it, else with 1 and the reason, in systemd's own words, on standard
// error. Source: org.freedesktop.systemd1(5).
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/strings.h"
#include "runtime/cgroup/systemd_helper/properties.h"

namespace caisson::systemd_helper {
namespace {

constexpr char kService[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kNoSuchUnit[] = "org.freedesktop.systemd1.NoSuchUnit";
constexpr std::uint64_t kPatienceUs = 25'000'000;

using Bus = std::unique_ptr<sd_bus, sd_bus* (*)(sd_bus*)>;
using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;

struct BusError {
  sd_bus_error value{};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&value); }
};

int Fail(std::string_view what, int r, const sd_bus_error* error = nullptr) {
  const char* const why =
      error != nullptr && error->message != nullptr ? error->message : std::strerror(-r);
  (void)std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), why);
  return 1;
}

// The system's or the user's bus; for root also systemd's own socket, where no bus runs.
Bus Connect(bool user, int* result) {
  sd_bus* bus = nullptr;
  *result = user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
  if (*result < 0 && !user && ::geteuid() == 0 && sd_bus_new(&bus) >= 0) {
    *result = sd_bus_set_address(bus, "unix:path=/run/systemd/private");
    if (*result >= 0) *result = sd_bus_start(bus);
    if (*result < 0) bus = sd_bus_unref(bus);
  }
  return Bus(bus, sd_bus_flush_close_unref);
}

// What the JobRemoved signals have told: jobs may end before their number is known to us.
struct Jobs {
  std::vector<std::pair<std::string, std::string>> ended;  // object path, result
};

int OnJobRemoved(sd_bus_message* message, void* jobs, sd_bus_error*) {
  std::uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
    static_cast<Jobs*>(jobs)->ended.emplace_back(path, result);
  return 0;
}

int WaitForJob(sd_bus* bus, const Jobs& jobs, const std::string& path, const std::string& unit) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(kPatienceUs);
  while (true) {
    for (const auto& [ended, result] : jobs.ended) {
      if (ended != path) continue;
      if (result == "done" || result == "skipped") return 0;
      (void)std::fprintf(stderr, "job of %s ended as \"%s\"\n", unit.c_str(), result.c_str());
      return 1;
    }
    int r = sd_bus_process(bus, nullptr);
    if (r < 0) return Fail("read the bus", r);
    if (r > 0) continue;
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Fail(StrCat("wait for the job of ", unit), -ETIMEDOUT);
    r = sd_bus_wait(bus, static_cast<std::uint64_t>(left.count()));
    if (r < 0 && r != -EINTR) return Fail("wait for the bus", r);
  }
}

int AppendAll(sd_bus_message* message, const std::vector<std::string>& properties) {
  int r = sd_bus_message_open_container(message, 'a', "(sv)");
  for (const std::string& property : properties) {
    if (r < 0) break;
    r = AppendProperty(message, property);
    if (r < 0) return Fail(StrCat("property \"", property, "\""), r);
  }
  if (r >= 0) r = sd_bus_message_close_container(message);
  return r < 0 ? Fail("make the message", r) : 0;
}

Message NewCall(sd_bus* bus, const char* method) {
  sd_bus_message* message = nullptr;
  (void)sd_bus_message_new_method_call(bus, &message, kService, kPath, kManager, method);
  return Message(message, sd_bus_message_unref);
}

// Calls a method that starts a job and waits for its end. A unit that is not loaded is fine for
// those that stop one.
int CallAndWait(sd_bus* bus, sd_bus_message* call, const std::string& unit, const Jobs& jobs) {
  BusError error;
  sd_bus_message* raw = nullptr;
  int r = sd_bus_call(bus, call, kPatienceUs, &error.value, &raw);
  const Message reply(raw, sd_bus_message_unref);
  if (r < 0 && sd_bus_error_has_name(&error.value, kNoSuchUnit)) return 0;
  if (r < 0) return Fail(StrCat("ask systemd about ", unit), r, &error.value);
  const char* job = nullptr;
  r = sd_bus_message_read(reply.get(), "o", &job);
  if (r < 0) return Fail("read the answer", r);
  return WaitForJob(bus, jobs, job, unit);
}

int Start(sd_bus* bus, const std::string& unit, const std::vector<std::string>& properties,
          const Jobs& jobs) {
  const Message call = NewCall(bus, "StartTransientUnit");
  if (!call) return Fail("make the message", -ENOMEM);
  int r = sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace");
  if (r < 0) return Fail("make the message", r);
  if (AppendAll(call.get(), properties) != 0) return 1;
  r = sd_bus_message_append(call.get(), "a(sa(sv))", 0);
  if (r < 0) return Fail("make the message", r);
  return CallAndWait(bus, call.get(), unit, jobs);
}

int Set(sd_bus* bus, const std::string& unit, const std::vector<std::string>& properties) {
  const Message call = NewCall(bus, "SetUnitProperties");
  if (!call) return Fail("make the message", -ENOMEM);
  const int runtime_only = 1;
  int r = sd_bus_message_append(call.get(), "sb", unit.c_str(), runtime_only);
  if (r < 0) return Fail("make the message", r);
  if (AppendAll(call.get(), properties) != 0) return 1;
  BusError error;
  r = sd_bus_call(bus, call.get(), kPatienceUs, &error.value, nullptr);
  return r < 0 ? Fail(StrCat("set properties of ", unit), r, &error.value) : 0;
}

int Stop(sd_bus* bus, const std::string& unit, const Jobs& jobs) {
  const Message call = NewCall(bus, "StopUnit");
  if (!call) return Fail("make the message", -ENOMEM);
  const int r = sd_bus_message_append(call.get(), "ss", unit.c_str(), "replace");
  if (r < 0) return Fail("make the message", r);
  const int stopped = CallAndWait(bus, call.get(), unit, jobs);
  // A unit that failed stays loaded, and its name taken, until it is forgotten.
  (void)sd_bus_call_method(bus, kService, kPath, kManager, "ResetFailedUnit", nullptr, nullptr, "s",
                           unit.c_str());
  return stopped;
}

// The manager moves the process; where it may not, it has PID 1 do it for its user.
int Attach(sd_bus* bus, const std::string& unit, const std::vector<std::string>& words) {
  const auto pid = words.empty() ? std::nullopt : ParseInt<std::uint32_t>(words.front());
  if (!pid) return Fail("attach: the process id", -EINVAL);
  BusError error;
  const int r = sd_bus_call_method(bus, kService, kPath, kManager, "AttachProcessesToUnit",
                                   &error.value, nullptr, "ssau", unit.c_str(), "", 1, *pid);
  return r < 0 ? Fail(StrCat("attach process ", *pid, " to ", unit), r, &error.value) : 0;
}

int PrintCgroup(sd_bus* bus) {
  BusError error;
  char* path = nullptr;
  const int r = sd_bus_get_property_string(bus, kService, kPath, kManager, "ControlGroup",
                                           &error.value, &path);
  if (r < 0) return Fail("ask systemd for its cgroup", r, &error.value);
  const std::unique_ptr<char, void (*)(void*)> owned(path, std::free);
  return std::puts(path) < 0 ? 1 : 0;
}

int Run(std::vector<std::string> words) {
  const bool user = !words.empty() && words.front() == "--user";
  if (user) words.erase(words.begin());
  if (words.size() < 2) {
    (void)std::fprintf(
        stderr, "usage: caisson-systemd [--user] start|set|stop|attach|cgroup UNIT [WORD...]\n");
    return 1;
  }
  const std::string verb = words[0];
  const std::string unit = words[1];
  words.erase(words.begin(), words.begin() + 2);

  int r = 0;
  const Bus bus = Connect(user, &r);
  if (!bus) return Fail(user ? "connect to the user's bus" : "connect to the system bus", r);
  if (verb == "cgroup") return PrintCgroup(bus.get());
  if (verb == "attach") return Attach(bus.get(), unit, words);
  if (verb == "set") return Set(bus.get(), unit, words);
  Jobs jobs;
  // Asked for before the job exists, so that its end cannot be missed.
  r = sd_bus_match_signal(bus.get(), nullptr, nullptr, kPath, kManager, "JobRemoved", OnJobRemoved,
                          &jobs);
  if (r < 0) return Fail("listen for jobs", r);
  BusError error;
  r = sd_bus_call_method(bus.get(), kService, kPath, kManager, "Subscribe", &error.value, nullptr,
                         nullptr);
  if (r < 0) return Fail("reach systemd", r, &error.value);
  if (verb == "start") return Start(bus.get(), unit, words, jobs);
  if (verb == "stop") return Stop(bus.get(), unit, jobs);
  (void)std::fprintf(stderr, "unknown verb \"%s\"\n", verb.c_str());
  return 1;
}

}  // namespace
}  // namespace caisson::systemd_helper

int main(int argc, char** argv) {
  return caisson::systemd_helper::Run(std::vector<std::string>(argv + 1, argv + argc));
}
