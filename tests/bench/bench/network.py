# SPDX-License-Identifier: Apache-2.0
"""Section about a pod's network beside its floor; see tests/bench/pod_network."""
import subprocess

from bench.host import Bench


def network(bench: Bench):
    program = bench.programs / "bench_pod_network"
    build = bench.programs.parent
    made = subprocess.run(["cmake", "--build", str(build), "--target", "bench_pod_network"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        print(f"network: left out, bench_pod_network does not build in {build}: {made.stdout[-500:]}")
        return
    for pods in (20, 500 // bench.divisor):
        subprocess.run([str(program), str(pods)], check=True)
