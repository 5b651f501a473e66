# SPDX-License-Identifier: Apache-2.0
"""Section about a container's cgroup beside its floor, and a scrape of many; see tests/bench/cgroup."""
import subprocess
import tempfile

from bench.host import Bench


def count_calls(program, who: str) -> int:
    with tempfile.NamedTemporaryFile("r") as log:
        subprocess.run(["strace", "-f", "-qq", "-o", log.name, str(program), "once", who], check=True)
        return sum(1 for line in log if "resumed>" not in line and "+++" not in line and "---" not in line)


def cgroup(bench: Bench):
    program = bench.programs / "bench_cgroup"
    build = bench.programs.parent
    made = subprocess.run(["cmake", "--build", str(build), "--target", "bench_cgroup"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        print(f"cgroup: left out, bench_cgroup does not build in {build}: {made.stdout[-500:]}")
        return
    subprocess.run([str(program), "lifecycle", str(100 // bench.divisor)], check=True)
    nothing, floor, ours = (count_calls(program, who) for who in ("nothing", "floor", "ours"))
    print(f"  system calls   floor {floor - nothing}  ours {ours - nothing}")
    subprocess.run([str(program), "scrape", str(300 // bench.divisor)], check=True)
