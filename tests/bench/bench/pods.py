# SPDX-License-Identifier: Apache-2.0
"""Sections about the agent: a pod's way from POST to Running and away again, against podman; what keeping it costs."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from bench.host import Bench

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from node import PODS, Agent, Connection, gone, pod, running  # noqa: E402

SLEEP = ["/bin/sleep", "100000"]


def start(agent: Agent, name: str) -> float:
    """Milliseconds from POST to the watch event that shows the pod Running with both containers running."""
    version = agent.version()
    began = time.perf_counter()
    agent.call("POST", PODS, pod(name, {"a": SLEEP, "b": SLEEP}, terminationGracePeriodSeconds=0))
    agent.wait_for(name, running(2), version)
    return (time.perf_counter() - began) * 1e3


def stop(agent: Agent, name: str) -> float:
    version = agent.version()
    began = time.perf_counter()
    agent.call("DELETE", f"{PODS}/{name}")
    agent.wait_for(name, gone, version)
    return (time.perf_counter() - began) * 1e3


def pss_kib(pid: int) -> int:
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def keepers() -> list:
    """Those of the pods below: a keeper calls itself after its pod."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().startswith("keeper:p"):
                found.append(int(entry.name))
        except OSError:
            pass
    return found


class Podman:
    """podman with a storage, a configuration and cgroups of its own; gone when the block ends."""

    def __init__(self, bench: Bench):
        self.storage = str(bench.folder / "podman")
        self.parent = f"/caisson-bench-{os.getpid()}"
        self.base = ["podman", "--root", self.storage, "--runroot", self.storage + "-run", "--cgroup-manager", "cgroupfs"]
        settings = bench.folder / "containers.conf"
        # Its default limits are above what a machine without CAP_SYS_RESOURCE may give.
        settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
        self.environment = dict(os.environ, CONTAINERS_CONF=str(settings))
        self.rootfs = bench.rootfs

    def __enter__(self):
        with subprocess.Popen(["tar", "-C", str(self.rootfs), "-c", "."], stdout=subprocess.PIPE) as archive:
            self.call("import", "-", "localhost/busybox", stdin=archive.stdout)
        return self

    def __exit__(self, *_):
        for command in (["pod", "rm", "-a", "-f", "-t", "0"], ["system", "reset", "-f"]):
            subprocess.run([*self.base, *command], env=self.environment, capture_output=True, check=False)
        # It leaves a cgroup "conmon" of each pod behind, and on v1 plain directories for controllers that are not mounted.
        root = "/sys/fs/cgroup"
        for place in [root, *(f"{root}/{name}" for name in os.listdir(root))]:
            for path, _, files in os.walk(place + self.parent, topdown=False):
                if os.statvfs(path).f_files > 0:  # a tmpfs counts its inodes, a cgroup does not
                    for name in files:
                        os.unlink(f"{path}/{name}")
                os.rmdir(path)

    def call(self, *words, stdin=subprocess.DEVNULL):
        done = subprocess.run([*self.base, *words], env=self.environment, stdin=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(words[:2])}: {done.stderr.strip()[-200:]}")

    def pod(self, name: str) -> float:
        began = time.perf_counter()
        self.call("pod", "create", "--cgroup-parent", self.parent, "--infra-image", "localhost/busybox",
                  "--infra-command", "/bin/sleep 100000", "--name", name)
        for _ in range(2):
            self.call("run", "-d", "--pod", name, "localhost/busybox", "/bin/sleep", "100000")
        return (time.perf_counter() - began) * 1e3


def podman(bench: Bench, count: int) -> list:
    with Podman(bench) as client:
        return [client.pod(f"bench{number}") for number in range(count)]


def pods(bench: Bench):
    """POST to Running for a pod of two containers, one after the other, up to 300 at once; then the cost of 300."""
    many = bench.rounds(300)
    print(f"\npod of two containers, POST to Running seen by a watch")
    with Agent() as agent:
        first = [start(agent, f"warm{n}") for n in range(5)]
        for n in range(5):
            stop(agent, f"warm{n}")
        taken = [start(agent, f"p{n}") for n in range(many)]
        early, late = statistics.median(taken[:10]), statistics.median(taken[-10:])
        print(f"  caisson, first ten      {early:8.2f} ms")
        print(f"  caisson, last ten of {many:<4}{late:7.2f} ms  {late / early:6.2f} x the first")
        print(f"  caisson, all            {statistics.median(taken):8.2f} ms  (warm-up {statistics.median(first):.2f})")
        sizes = [pss_kib(pid) for pid in keepers()]
        print(f"  keeper PSS, median      {statistics.median(sizes):8.0f} KiB")
        status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        print(f"  agent RSS, {many} pods     {resident / 1024:8.1f} MiB")
        bench.goal("pod POST to Running, p50", statistics.median(taken), 30, "ms")
        bench.goal("the last ten pods beside the first ten", late / early, 1.3, "x")
        bench.goal("keeper PSS, median", statistics.median(sizes), 400, "KiB")
        bench.goal(f"agent RSS with {many} pods", resident / 1024, 64, "MiB")
        scrape(bench, agent, many)
        gone = [stop(agent, f"p{n}") for n in range(many)]
        print(f"  delete, p50             {statistics.median(gone):8.2f} ms")
        bench.goal("pod DELETE to gone, p50", statistics.median(gone), 30, "ms")
    if not shutil.which("podman"):
        print("  podman: not on this machine")
        return
    try:
        theirs = podman(bench, bench.rounds(10))
        print(f"  podman pod + 2 run      {statistics.median(theirs):8.2f} ms  {statistics.median(theirs) / early:6.2f} x caisson")
    except RuntimeError as error:
        print(f"  podman: could not run a pod here: {error}")


def scrape(bench: Bench, agent: Agent, count: int):
    ticks = os.sysconf("SC_CLK_TCK")

    def cpu() -> float:
        fields = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1e3 / ticks

    before, rounds, size, series = cpu(), 10, 0, 0
    for _ in range(rounds):
        connection = Connection(agent.socket)
        connection.request("GET", "/metrics/cadvisor")
        text = connection.getresponse().read()
        connection.close()
        size, series = len(text), sum(1 for line in text.splitlines() if line and not line.startswith(b"#"))
    cost = (cpu() - before) / rounds
    print(f"  scrape of {count} pods      {cost:8.1f} ms CPU  ({series} series, {size >> 10} KiB)")
    bench.goal(f"scrape of {count} pods, CPU", cost, 60, "ms")
