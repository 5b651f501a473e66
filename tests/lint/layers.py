#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include and fails when a room includes what its floor forbids.

The floors stand in docs/architecture.md; this file is their list in a form that a machine reads.
Usage: layers.py [REPOSITORY]
"""
import pathlib
import re
import sys

# Room -> floor. A room may include rooms on lower floors, and itself. A longer name wins.
FLOORS = {
    "runtime/base": 0,
    "runtime/spec": 1, "runtime/sync": 1, "network/netlink": 1, "agent/pod_spec": 1,
    "runtime/state": 2, "runtime/cgroup": 2, "runtime/rootfs": 2, "runtime/security": 2,
    "runtime/process": 2, "runtime/criu": 2, "network/links": 2, "network/ipam": 2, "network/firewall": 2,
    "network/shaper": 2, "agent/store": 2,
    "metrics": 3, "network/pod_network": 3, "agent/bundle": 3, "agent/keeper_client": 3,
    "agent/image": 3, "agent/volume": 3,
    "runtime/launch": 4, "agent/pods": 4,
    "runtime/container": 5, "agent/api": 5,
    "agent/keeper": 6, "runtime/cli": 6, "agent/daemon": 6, "agent/podctl": 6,
}
# The agent is threaded: it must never be able to clone a container.
NEVER = {
    "agent/api": ("runtime/launch", "runtime/container"),
    "agent/daemon": ("runtime/launch", "runtime/container", "runtime/cli"),
    "agent/pods": ("runtime/launch", "runtime/container"),
    "agent/podctl": ("runtime/launch", "runtime/container", "runtime/cgroup"),
}
# Third-party header -> rooms that may include it.
HOMES = {
    r"httplib\.h": ("agent/api", "agent/podctl"),
    r"seccomp\.h": ("runtime/security",),
    r"sys/capability\.h": ("runtime/security",),
    r"netlink/.*": ("network/netlink",),
    r"nftables/.*": ("network/firewall",),
    r"prometheus/.*": ("metrics",),
    r"yaml-cpp/.*": ("agent/pod_spec", "agent/daemon", "agent/podctl"),
    r"archive.*\.h": ("agent/image",),
    r"CLI/.*": ("agent/podctl", "agent/daemon"),
    r"systemd/.*": ("runtime/cgroup",),
}
JSON_HEADER = "nlohmann/json.hpp"
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path: str):
    """The room of a file, by its longest matching folder; None outside the rooms."""
    parts = path.split("/")[:-1]
    while parts:
        name = "/".join(parts)
        if name in FLOORS:
            return name
        parts.pop()
    return None


def check(path: str, room: str, quoted: bool, target: str):
    """The sentence of what is wrong with one include, or None."""
    if quoted:
        other = room_of(target)
        if other is None:
            return f'includes "{target}", which is in no room'
        if other in NEVER.get(room, ()):
            return f'includes {other}, which a threaded program must not link'
        if other != room and FLOORS[other] >= FLOORS[room]:
            return f"(floor {FLOORS[room]}) includes {other} (floor {FLOORS[other]}): an include may only point down"
        return None
    for pattern, homes in HOMES.items():
        if re.fullmatch(pattern, target) and room not in homes:
            return f"includes <{target}>, which stays in {', '.join(homes)}"
    if target == JSON_HEADER and path.endswith(".h"):
        return f"includes <{target}> in a header: use <nlohmann/json_fwd.hpp>"
    return None


def main() -> int:
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    findings, files = [], 0
    for folder in ("runtime", "network", "metrics", "agent"):
        for file in sorted((top / folder).rglob("*")):
            if file.suffix not in (".cc", ".h"):
                continue
            path = file.relative_to(top).as_posix()
            files += 1
            room = room_of(path)
            if room is None:
                findings.append(f"{path}: is in no room of the plan")
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                wrong = match and check(path, room, match[1] == '"', match[2])
                if wrong:
                    findings.append(f"{path}:{number}: {room} {wrong}")
    print("\n".join(findings) if findings else f"layers: {files} files, every include points down")
    return 1 if findings or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
