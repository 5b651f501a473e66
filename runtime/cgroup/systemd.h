// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cgroup/record.h"
#include "runtime/spec/resources.h"

// The systemd driver: units are asked for through `caisson-systemd`, a small program that links
// libsystemd, so that the runtime itself stays static. It lies beside this program or in the
// libexec directory; $CAISSON_SYSTEMD_HELPER names another.
namespace caisson::cgroup::systemd {

// Starts the record's scope (or slice) with a process in it and waits until systemd has done so.
// `more` are properties that the configuration asks for; they have the last word.
// systemd's own cgroup, in the name=systemd hierarchy or v2, is delegated to the container.
// Errors: kNotFound when the helper is not installed; kSystem with systemd's own words; ETIMEDOUT.
// Source: org.freedesktop.systemd1(5), StartTransientUnit; systemd.resource-control(5), Delegate.
Status StartUnit(const Record& record, pid_t host_pid, const std::vector<std::string>& more = {});

// Moves a process into the record's scope where this user may not write `cgroup.procs`: the kernel
// asks for rights above both cgroups, and a login session is not below the user's manager.
Status AttachProcess(const Record& record, pid_t host_pid);

// Tells systemd the limits, so that it does not write over them at its next reload.
Status SetProperties(const Record& record, const spec::Resources& resources);

// "/user.slice/user-1000.slice/user@1000.service": where the units of the caller's own manager are.
// Errors: those of StartUnit.
Result<std::string> UserManagerCgroup();

// Stops the unit and forgets a failed one. A unit that is not there is success.
Status StopUnit(const Record& record);

// Pure: properties as the helper takes them, "Name=signature:value", for StartUnit and
// SetProperties. `proc_devices` is the text of /proc/devices, for rules about whole majors.
std::vector<std::string> StartProperties(const Record& record);
Result<std::vector<std::string>> ResourceProperties(const Record& record,
                                                    const spec::Resources& resources,
                                                    std::string_view proc_devices);

}  // namespace caisson::cgroup::systemd
