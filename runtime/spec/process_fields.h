// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/spec/field_reader.h"
#include "runtime/spec/hooks.h"
#include "runtime/spec/process.h"

// The JSON names of process.h and hooks.h; order is the order of writing. Only for .cc files.
namespace caisson::spec {

template <class V>
void Fields(V& v, Is<ConsoleSize> auto& size) {
  v.Required("height", size.height);
  v.Required("width", size.width);
}

// The specification demands both ids; every other runtime reads an absent one as 0.
template <class V>
void Fields(V& v, Is<User> auto& user) {
  v.Optional("uid", user.uid);
  v.Optional("gid", user.gid);
  v.Optional("umask", user.umask);
  v.Optional("additionalGids", user.additional_gids);
}

template <class V>
void Fields(V& v, Is<Capabilities> auto& sets) {
  v.Optional("bounding", sets.bounding);
  v.Optional("effective", sets.effective);
  v.Optional("inheritable", sets.inheritable);
  v.Optional("permitted", sets.permitted);
  v.Optional("ambient", sets.ambient);
}

template <class V>
void Fields(V& v, Is<Rlimit> auto& limit) {
  v.Required("type", limit.type);
  v.Required("hard", limit.hard);
  v.Required("soft", limit.soft);
}

template <class V>
void Fields(V& v, Is<Scheduler> auto& scheduler) {
  v.Required("policy", scheduler.policy);
  v.Optional("nice", scheduler.nice);
  v.Optional("priority", scheduler.priority);
  v.Optional("flags", scheduler.flags);
  v.Optional("runtime", scheduler.runtime_ns);
  v.Optional("deadline", scheduler.deadline_ns);
  v.Optional("period", scheduler.period_ns);
}

template <class V>
void Fields(V& v, Is<IoPriority> auto& priority) {
  v.Required("class", priority.io_class);
  v.Optional("priority", priority.priority);  // 0 for runc, and of no meaning for the idle class
}

template <class V>
void Fields(V& v, Is<ExecCpuAffinity> auto& affinity) {
  v.Optional("initial", affinity.initial);
  v.Optional("final", affinity.final);
}

template <class V>
void Fields(V& v, Is<Process> auto& process) {
  v.Optional("terminal", process.terminal);
  v.Optional("consoleSize", process.console_size);
  v.Optional("user", process.user);
  v.Optional("args", process.args);
  v.Optional("env", process.env);
  v.Required("cwd", process.cwd);
  v.Optional("capabilities", process.capabilities);
  v.Optional("rlimits", process.rlimits);
  v.Optional("noNewPrivileges", process.no_new_privileges);
  v.Optional("apparmorProfile", process.apparmor_profile);
  v.Optional("oomScoreAdj", process.oom_score_adj);
  v.Optional("scheduler", process.scheduler);
  v.Optional("selinuxLabel", process.selinux_label);
  v.Optional("ioPriority", process.io_priority);
  v.Optional("execCPUAffinity", process.exec_cpu_affinity);
}

template <class V>
void Fields(V& v, Is<Hook> auto& hook) {
  v.Required("path", hook.path);
  v.Optional("args", hook.args);
  v.Optional("env", hook.env);
  v.Optional("timeout", hook.timeout_s);
}

template <class V>
void Fields(V& v, Is<Hooks> auto& hooks) {
  v.Optional("prestart", hooks.prestart);
  v.Optional("createRuntime", hooks.create_runtime);
  v.Optional("createContainer", hooks.create_container);
  v.Optional("startContainer", hooks.start_container);
  v.Optional("poststart", hooks.poststart);
  v.Optional("poststop", hooks.poststop);
}

}  // namespace caisson::spec
