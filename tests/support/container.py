# SPDX-License-Identifier: Apache-2.0
"""`caisson` with a state root and bundles of a test's own, for checks that drive the program itself."""
import copy
import json
import os
import pathlib
import pwd
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checks  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("CAISSON_PROGRAMS", TOP / "build/release/bin"))
PROGRAM = PROGRAMS / "caisson"


class Runtime:
    """Runs bundles of a static busybox. `with Runtime() as caisson:`; afterwards no container and no file is left.

    `flags` are global options. `as_user` (uid, gid) runs everything as that ordinary user; the folder is then theirs.
    """

    def __init__(self, *flags, as_user=None, environment=None):
        self.flags, self.as_user = flags, as_user
        self.environment = environment
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-check-"))
        self.folder.chmod(0o755)
        self.count = 0
        self.make_rootfs()
        if as_user:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, *as_user, follow_symlinks=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in self("list", "-q", status=None).stdout.split():
            self("delete", "--force", name, status=None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_rootfs(self):
        root = self.folder / "rootfs"
        for name in ("bin", "proc", "dev", "sys", "tmp", "etc", "mnt"):
            (root / name).mkdir(parents=True)
        shutil.copy2("/bin/busybox", root / "bin/busybox")
        names = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout
        for applet in set(names.split()) - {"busybox"}:
            (root / "bin" / applet).symlink_to("busybox")

    def __call__(self, *words, status=0, **more) -> subprocess.CompletedProcess:
        """The program's answer; `status` None takes any exit status."""
        if self.as_user:
            more.update(user=self.as_user[0], group=self.as_user[1], extra_groups=[])
        return checks.run(self.command(*words), status=status, env=self.environment, cwd=self.folder, **more)

    def command(self, *words) -> list:
        return [str(word) for word in (PROGRAM, "--root", self.folder / "state", *self.flags, *words)]

    def bundle(self, args: list, change=None) -> pathlib.Path:
        """A bundle for `args`; `change` may alter the configuration, which is that of `caisson spec` with a writable root."""
        self.count += 1
        path = self.folder / f"bundle{self.count}"
        path.mkdir()
        if self.as_user:
            os.chown(path, *self.as_user)
        self("spec", *(["--rootless"] if self.as_user else []), "--bundle", path)
        config = json.loads((path / "config.json").read_text())
        config["process"].update(terminal=False, args=args, rlimits=[])
        config["root"] = {"path": str(self.folder / "rootfs"), "readonly": False}
        if change:
            change(config)
        (path / "config.json").write_text(json.dumps(config))
        return path

    def name(self) -> str:
        """The name of the container of the newest bundle."""
        return f"check-{os.getpid()}-{self.count}"

    def sh(self, script: str, change=None, status=0, options=(), **more) -> subprocess.CompletedProcess:
        """A shell script in a new container, to its end; `more` is for subprocess.run."""
        bundle = self.bundle(["/bin/sh", "-c", script], change)
        return self("run", "--bundle", bundle, *options, self.name(), status=status, **more)

    def start(self, change=None, script: str = "exec sleep 1000") -> str:
        """A container in the background; its name."""
        bundle = self.bundle(["/bin/sh", "-c", script], change)
        name = self.name()
        # Whoever reads a pipe would wait for the container, which keeps it.
        with open(self.folder / "output", "w", encoding="utf-8") as output:
            command = self.command("run", "--detach", "--bundle", bundle, name)
            who = {"user": self.as_user[0], "group": self.as_user[1], "extra_groups": []} if self.as_user else {}
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment,
                                  cwd=self.folder, timeout=90, check=False, **who)
        checks.expect(done.returncode == 0, f"run --detach: {(self.folder / 'output').read_text()[-500:]}")
        return name

    def exec(self, name: str, *words, status=0) -> str:
        return self("exec", name, *words, status=status).stdout.strip()

    def pid(self, name: str) -> int:
        return json.loads(self("state", name).stdout)["pid"]

    def cgroup(self, name: str) -> pathlib.Path:
        """The container's directory on cgroup v2."""
        text = pathlib.Path(f"/proc/{self.pid(name)}/cgroup").read_text()
        path = next(line for line in text.splitlines() if line.startswith("0::"))[3:]
        return pathlib.Path("/sys/fs/cgroup") / path.lstrip("/")

    def delete(self, name: str):
        self("delete", "--force", name)


def resources(**fields):
    """A change that sets members of linux.resources."""
    def change(config):
        config["linux"].setdefault("resources", {}).update(copy.deepcopy(fields))
    return change


def said(out: subprocess.CompletedProcess) -> str:
    """What the program wrote on stderr, without the quoting of its log's text format."""
    return out.stderr.replace('\\"', '"')


def read(path: pathlib.Path, name: str) -> str:
    return (path / name).read_text().strip()


def table(path: pathlib.Path, name: str) -> dict:
    """A file of "key value" lines."""
    return dict(line.split(None, 1) for line in (path / name).read_text().splitlines())


def wait_until(holds, seconds: float = 20):
    """Looks every few milliseconds: for what nothing can be waited on."""
    deadline = time.monotonic() + seconds
    while not holds():
        checks.expect(time.monotonic() < deadline, f"nothing came of it in {seconds} seconds")
        select.select([], [], [], 0.02)


def add_user(name: str, first_id: int) -> pwd.struct_passwd:
    """An ordinary user with 65536 subordinate ids, for machines that are thrown away."""
    checks.run(["useradd", "--create-home", name])
    for file in ("subuid", "subgid"):
        pathlib.Path(f"/etc/{file}").write_text(f"{name}:{first_id}:65536\n", encoding="ascii")
    return pwd.getpwnam(name)
