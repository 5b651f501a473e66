# SPDX-License-Identifier: Apache-2.0
"""What pods are made of on the host, as the tests look at it."""
import collections
import os
import pathlib
import select
import time

CGROUPS = pathlib.Path("/sys/fs/cgroup")


def inode(pid: int, namespace: str) -> int:
    return os.stat(f"/proc/{pid}/ns/{namespace}").st_ino


def cgroups(below: str) -> list:
    """Where a glob below the hierarchies leads: the one of pure cgroup v2 is mounted where others have a folder of mounts."""
    root = "" if (CGROUPS / "cgroup.controllers").exists() else "*"
    return list(CGROUPS.glob((root + below).lstrip("/")))


def container_pids(agent, pod: dict) -> dict:
    """Host pid of each container's init, by the runtime's own state files."""
    pids = {}
    uid = pod["metadata"]["uid"]
    for status in pod["status"]["containerStatuses"]:
        name = status["containerID"].removeprefix("caisson://")
        for procs in cgroups(f"{agent.cgroup_parent}/pod{uid}/{name}/cgroup.procs"):
            found = sorted(int(pid) for pid in procs.read_text().split())
            if found:
                pids[status["name"]] = found[0]
    return pids


def keeper_pids(agent) -> list:
    """The agent's keepers, without the nursery they were born from."""
    pids = set()
    for procs in cgroups(f"{agent.cgroup_parent}/keepers/cgroup.procs"):
        for pid in procs.read_text().split():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("keeper:"):
                    pids.add(int(pid))
            except FileNotFoundError:
                pass
    return sorted(pids)


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def tree(top: pathlib.Path) -> list:
    """All paths below a directory; what vanishes meanwhile is left out."""
    return sorted(os.path.relpath(os.path.join(folder, name), top) for folder, folders, files in os.walk(top)
                  for name in folders + files)


def snapshot(agent) -> dict:
    """Everything of the host that a pod uses. Cgroups only below the agent's own."""
    pods = agent.cgroup_parent + "/pod"
    return {
        "mounts": sorted(line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()),
        "links": sorted(line.split(":")[0].strip() for line in pathlib.Path("/proc/self/net/dev").read_text().splitlines()[2:]),
        "cgroups": sorted(str(path) for path in cgroups(f"{pods}*")),
        "keepers": keeper_pids(agent),
        "run": tree(agent.run / "pods"),
        "data": tree(agent.data / "pods"),
        "snapshots": sorted(path.name for path in (agent.data / "images").glob("snapshots/*")),
        "logs": sorted(path.name for path in (agent.folder / "pods").glob("*")),
    }


def settles_to(agent, before: dict, seconds: float = 10) -> str:
    """Empty once the host has nothing that it had not before; else what that is. The kernel takes namespaces down in the
    background, and tells nobody when a veth is gone, so this looks again for a while; and what an earlier pod was still
    leaving behind may go meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        now = snapshot(agent)
        more = {key: sorted((collections.Counter(now[key]) - collections.Counter(before[key])).elements()) for key in now}
        if not any(more.values()) or time.monotonic() > deadline:
            return "; ".join(f"{key}: {left}" for key, left in more.items() if left)
        select.select([], [], [], 0.05)
