# SPDX-License-Identifier: Apache-2.0
"""Python within a container: for what a shell cannot ask the kernel."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from checks import expect, run_all, skip, take_host_lock  # noqa: E402
from container import PROGRAM, Runtime  # noqa: E402

# What every script begins with: a raw system call that answers -errno, and the attributes of the own schedule.
PRELUDE = """
import ctypes, json, os, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *words)
    return -ctypes.get_errno() if result < 0 else result
"""


def with_host_programs(config):
    """The host's programs and libraries, to read, and this Python where it lies elsewhere."""
    folders = ["/usr", "/lib", "/lib64"] + ([] if sys.base_prefix.startswith("/usr") else [sys.base_prefix])
    config["mounts"] += [{"destination": path, "type": "bind", "source": path, "options": ["rbind", "ro"]}
                         for path in folders if pathlib.Path(path).exists()]


def ask(c, script: str, change=None, status=0, options=(), **more):
    """What the script put into `answer`, run as the container's process itself."""
    def both(config):
        with_host_programs(config)
        if change:
            change(config)
    bundle = c.bundle([os.path.realpath(sys.executable), "-I", "-S", "-c", f"{PRELUDE}\n{script}\nprint(json.dumps(answer))"], both)
    out = c("run", "--bundle", bundle, *options, c.name(), status=status, **more)
    return json.loads(out.stdout) if status == 0 else out


def create(c, change=None, script="true", status=0) -> str:
    """`create`, whose output goes to a file: the container keeps what it inherits. Returns what it said."""
    bundle = c.bundle(["/bin/sh", "-c", script], change)
    with open(c.folder / "output", "w", encoding="utf-8") as output:
        done = subprocess.run(c.command("create", "--bundle", bundle, c.name()), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                              cwd=c.folder, timeout=60, check=False)
    same(done.returncode, status, "create")
    return (c.folder / "output").read_text().replace('\\"', '"')


def process(**members):
    """A change that sets members of `process`."""
    return lambda config: config["process"].update(members)


def linux(**members):
    """A change that sets members of `linux`."""
    return lambda config: config["linux"].update(members)


def both(*changes):
    def change(config):
        for one in changes:
            one(config)
    return change


def same(seen, wanted, what=""):
    expect(seen == wanted, f"{what}{': ' if what else ''}{seen!r}, not {wanted!r}")


def main(title: str):
    """Runs the file's checks, each against the program."""
    if os.geteuid() != 0:
        skip(title, "needs root")
    if not PROGRAM.exists():
        skip(title, f"{PROGRAM} is not built")
    if not pathlib.Path("/bin/busybox").exists():
        skip(title, "needs busybox-static")
    _lock = take_host_lock()
    with Runtime() as one:
        sys.exit(run_all(title, one, sys.argv[1:]))
