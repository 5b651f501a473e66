# SPDX-License-Identifier: Apache-2.0
"""What every section needs: the contenders, bundles, rounds in turn, medians and system-call counts."""
import copy
import ctypes
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time


def mounted(kind: str) -> list:
    """Mount points of a file system type, as this namespace sees them."""
    lines = pathlib.Path("/proc/mounts").read_text().splitlines()
    return [fields[1] for fields in map(str.split, lines) if fields[2] == kind]


class Bench:
    """The bench's own folder with a rootfs, bundles and the floor program; gone when it ends."""

    def __init__(self, repository: pathlib.Path, rounds_divisor: int):
        self.repository = repository
        self.divisor = rounds_divisor
        self.programs = pathlib.Path(os.environ.get("CAISSON_PROGRAMS", repository / "build/release/bin"))
        self.caisson = str(self.programs / "caisson")
        self.verdicts = []

    def __enter__(self):
        if not os.access(self.caisson, os.X_OK):
            raise SystemExit(f"bench: no {self.caisson} (try: cmake --preset release && cmake --build --preset release)")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-bench-"))
        self.hide_unified()
        self.run_in_memory()
        self.make_rootfs()
        self.floor, self.peak = self.compile("floor"), self.compile("peak")
        self.runtimes = {"caisson": self.caisson}
        for peer in ("crun", "runc"):
            if shutil.which(peer):
                self.runtimes[peer] = peer
            else:
                print(f"bench: no {peer} on this machine, left out")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def compile(self, name: str) -> str:
        program = str(self.folder / name)
        subprocess.run(["c++", "-O2", "-static", "-std=c++20", "-D_GNU_SOURCE",
                        str(self.repository / f"tests/bench/{name}.cc"), "-o", program], check=True)
        return program

    def goal(self, what: str, value, most, unit: str):
        """Says whether a goal was reached, here and in the summary. `value` None: could not be measured."""
        seen = "not measured" if value is None else f"{value:.2f}".rstrip("0").rstrip(".") + f" {unit}"
        verdict = "missed" if value is None or value > most else "reached"
        line = f"{verdict:8} {what}: {seen} (at most {most} {unit})"
        print(f"  goal {line}", flush=True)
        self.verdicts.append(line)

    def summary(self):
        if self.verdicts:
            print("\ngoals")
        for line in self.verdicts:
            print(f"  {line}")

    def hide_unified(self):
        if mounted("cgroup"):
            for path in mounted("cgroup2"):
                subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)

    def run_in_memory(self):
        """Runtimes keep their state below /run, which is a tmpfs on every host that an init system has booted."""
        kind = subprocess.run(["stat", "-f", "-c", "%T", "/run"], check=True, capture_output=True, text=True).stdout.strip()
        if kind != "tmpfs":
            subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)

    def make_rootfs(self):
        self.rootfs = self.folder / "rootfs"
        for name in ("bin", "proc", "dev", "sys", "tmp", "etc"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy2("/bin/busybox", self.rootfs / "bin/busybox")
        for applet in ("true", "sh", "sleep", "cat"):
            (self.rootfs / "bin" / applet).symlink_to("busybox")

    def spec(self) -> dict:
        """runc's default configuration, without terminal and without the raised rlimit."""
        template = self.folder / "template"
        if not template.exists():
            template.mkdir()
            subprocess.run([self.caisson, "spec", "--bundle", str(template)], check=True)
        config = json.loads((template / "config.json").read_text())
        config["process"].update(terminal=False, args=["/bin/true"], rlimits=[])
        config["ociVersion"] = "1.0.2"  # older peers refuse a newer one
        config["root"]["path"] = str(self.rootfs)
        return copy.deepcopy(config)

    def bundle(self, name: str, config: dict) -> str:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        (path / "config.json").write_text(json.dumps(config))
        return str(path)

    def rounds(self, count: int) -> int:
        return max(3, count // self.divisor)

    def floor_command(self, *options: str) -> list:
        return [self.floor, *options, str(self.rootfs), *(mounted("cgroup") or mounted("cgroup2"))]


def timed(command: list) -> float:
    """Milliseconds of wall time, from the spawn to the end. A command that fails ends the bench: its time would mean nothing.

    Without pipes and threads: subprocess.run would add a millisecond to each contender, and so flatter the slower one.
    """
    said = os.memfd_create("said", os.MFD_CLOEXEC)
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
    try:
        start = time.perf_counter()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        taken = (time.perf_counter() - start) * 1e3
        if status != 0:
            words = os.pread(said, 400, max(0, os.fstat(said).st_size - 400)).decode(errors="replace")
            raise SystemExit(f"bench: {' '.join(map(str, command))} gave {status}: {words}")
    finally:
        os.close(said)
    return taken


def in_turn(contenders: dict, rounds: int) -> dict:
    """Runs each contender once a round; contenders are name -> function that gives milliseconds."""
    samples = {name: [] for name in contenders}
    for work in contenders.values():
        work()  # warm caches, not counted
    for _ in range(rounds):
        for name, work in contenders.items():
            samples[name].append(work())
    return samples


def report(title: str, samples: dict, base: str):
    """Medians, and the ratio of each to the base contender."""
    print(f"\n{title}")
    unit = statistics.median(samples[base])
    for name, values in samples.items():
        middle = statistics.median(values)
        spread = statistics.quantiles(values, n=4) if len(values) > 3 else [middle] * 3
        print(f"  {name:24} {middle:8.2f} ms  (quartiles {spread[0]:.2f} – {spread[2]:.2f})  {middle / unit:6.2f} x {base}")


def system_calls(command: list) -> int:
    """System calls of a command and all that it starts."""
    counted = subprocess.run(["strace", "-f", "-c", "-o", "/dev/stderr", *command], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    total = re.search(r"^\s*100\.00\s+[\d.]+\s+\d+\s+(\d+).*total$", counted.stderr, re.MULTILINE)
    if not total:
        raise SystemExit(f"bench: strace printed no total: {counted.stderr[-300:]}")
    return int(total[1])


def peak_kib(bench: Bench, command: list) -> int:
    """The largest resident set of any one process of the command, KiB."""
    return int(subprocess.run([bench.peak, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True).stdout)


def in_thousand_mounts(bench: Bench, work):
    """Calls `work` while this mount namespace has 1000 mounts more."""
    libc = ctypes.CDLL(None, use_errno=True)
    base = bench.folder / "mounts"
    base.mkdir()
    paths = [base / str(number) for number in range(1000)]
    for path in paths:
        path.mkdir()
        if libc.mount(b"none", str(path).encode(), b"tmpfs", 0, None) != 0:
            raise SystemExit(f"bench: mount on {path}: {os.strerror(ctypes.get_errno())}")
    try:
        return work()
    finally:
        for path in paths:
            libc.umount2(str(path).encode(), 0)
            path.rmdir()
        base.rmdir()
