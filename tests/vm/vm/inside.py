# SPDX-License-Identifier: Apache-2.0
"""In the guest: runs a machine's steps and says of each, on a line of its own, what came of it.

  python3 tests/vm/vm/inside.py MACHINE [STEP...]
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from vm.steps import MACHINES  # noqa: E402

MARK = "@@step "  # the line's beginning, for the host
TOP = pathlib.Path(__file__).resolve().parents[3]


def count(text: str, status: int) -> dict:
    """Passed, failed and skipped, as GoogleTest or tests/support/checks.py print them."""
    def number(pattern: str) -> int:
        found = re.findall(pattern, text, re.MULTILINE)
        return int(found[-1]) if found else 0
    if "[==========]" in text:
        result = {kind: number(rf"^\[  {kind.upper()} *\] (\d+) tests?") for kind in ("passed", "failed", "skipped")}
    else:
        result = {"passed": number(r": (\d+) passed, \d+ failed"), "failed": number(r": \d+ passed, (\d+) failed"), "skipped": number(r", (\d+) skipped")}
    # What ends otherwise than its count says was cut short.
    if (status != 0) != (result["failed"] > 0) or result["passed"] == 0:
        result["failed"] = max(result["failed"], 1)
    return result


def run(step) -> dict:
    command = [str(TOP / step.command[0]), *step.command[1:]]
    if step.name.startswith("integration_"):
        command += ["--gtest_brief=1", f"--gtest_filter={step.filter or '*'}"]
    begin = time.monotonic()
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    result = count(done.stdout, done.returncode)
    if result["failed"]:
        print(done.stdout, flush=True)
    return {"step": step.name, "seconds": round(time.monotonic() - begin), "status": done.returncode, **result}


def main() -> int:
    machine = next(machine for machine in MACHINES if machine.name == sys.argv[1])
    os.environ["CAISSON_TEST_NEEDS"] = machine.needs
    os.environ["TMPDIR"] = os.environ["VM_TMP"]
    failed = 0
    for step in machine.steps:
        if len(sys.argv) > 2 and step.name not in sys.argv[2:]:
            continue
        result = run(step)
        failed += result["failed"]
        print(MARK + json.dumps(result), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
