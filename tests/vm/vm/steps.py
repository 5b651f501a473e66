# SPDX-License-Identifier: Apache-2.0
"""What is tested on which machine: one boot each, and in it one step after the other."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    command: tuple  # beneath the repository
    what: str       # for the table in the docs
    filter: str = ""  # of a GoogleTest program


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    what: str
    steps: tuple
    init: str = "plain"
    lsm: str = "none"
    needs: str = "Root,UserNs,NetNs,Overlay,Busybox"  # CAISSON_TEST_NEEDS: a skip for one of these is a failure
    timeout: int = 900


def gtest(room: str, what: str, only: str = "") -> Step:
    return Step(f"integration_{room}", (f"build/dev/bin/integration_{room}",), what, only)


def check(name: str, what: str) -> Step:
    return Step(f"checks/{name}", (f"tests/vm/checks/{name}",), what)


def pods(name: str, what: str) -> Step:
    return Step(f"agent/{name}", (f"tests/integration/agent/{name}",), what)


def client(name: str) -> Step:
    return Step(name, (f"tests/conformance/clients/{name}",), f"{name} of Debian 12 with `caisson` as its runtime")


ALL_V2 = "Root,CgroupV2,UserNs,NetNs,Overlay,Busybox"
MACHINES = (
    Machine("limits", "pure cgroup v2, all controllers", needs=ALL_V2, steps=(
        check("limits", "limits in force: OOM, pids, CPU quota, io.max, device eBPF, unified, hugetlb, pause, update"),
        check("rootless", "an ordinary user with newuidmap, without and with a delegated cgroup; idmapped binds; time namespace"),
        gtest("cgroup", "the cgroup room against the kernel"),
        gtest("seccomp", "filters, notify, ENOSYS"),
        check("checkpoint", "containers kept in files and brought back by CRIU"),
    )),
    Machine("runtime", "pure cgroup v2, all controllers", needs=ALL_V2, steps=(
        gtest("lifecycle", "verbs, exec, hooks, terminal, namespaces, crashes"),
        gtest("rootfs", "mounts, id maps, attacks on paths"),
        gtest("errors", "the sentences of errors"),
        gtest("keeper", "containers of a pod's keeper"),
    )),
    Machine("pods", "pure cgroup v2, all controllers", needs=ALL_V2, steps=(
        pods("pods", "pods of a real agent"),
        pods("adoption", "pods outlive the agent"),
        pods("failures", "failed creations leave nothing"),
    )),
    Machine("clients", "pure cgroup v2, all controllers", needs=ALL_V2, steps=(client("podman"), client("containerd"))),
    Machine("apparmor", "AppArmor", lsm="apparmor", steps=(
        check("apparmor", "profiles for create and exec, what they deny, a missing one"),
    )),
    Machine("selinux", "SELinux, enforcing", lsm="selinux", steps=(
        check("selinux", "process, mount and key labels for create and exec, what they deny, unknown ones"),
    )),
    Machine("systemd", "systemd as PID 1", init="systemd", timeout=1200, steps=(
        check("systemd", "--systemd-cgroup for root and for an ordinary user"),
        gtest("cgroup", "the systemd driver of the cgroup room", "SystemdTest.*"),
        client("podman"),
    )),
)
