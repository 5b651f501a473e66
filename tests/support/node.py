# SPDX-License-Identifier: Apache-2.0
"""An agent of a test's own: its programs, directories, API socket, image and end."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checks  # noqa: E402

_locks = []  # held until the end

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("CAISSON_PROGRAMS", TOP / "build/release/bin"))
IMAGE = "docker.io/library/busybox:latest"
PODS = "/api/v1/namespaces/default/pods"


def in_own_namespaces():
    """Runs the calling script again in network and mount namespaces of its own, with loopback up.

    Two test runs then cannot meet each other's bridges, addresses and ports.
    """
    if os.environ.get("CAISSON_OWN_NAMESPACES") == "1":
        _locks.append(checks.take_host_lock())
        return
    if os.geteuid() != 0:
        print(f"{pathlib.Path(sys.argv[0]).name}: skipped: containers need root")
        sys.exit(77)
    environment = dict(os.environ, CAISSON_OWN_NAMESPACES="1")
    command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
               'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
    os.execvpe(command[0], command, environment)


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class ApiError(Exception):
    """An answer that is a Status of failure."""

    def __init__(self, code: int, status: dict):
        super().__init__(f"{code}: {status.get('message', status)}")
        self.code, self.status = code, status


class Agent:
    """A caissond in a temporary folder. `with Agent() as agent:` has it ready, with the busybox image imported."""

    def __init__(self, *flags, port: int = 10280, import_image: bool = True):
        self.flags, self.port, self.import_image = flags, port, import_image
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-node-"))
        self.run, self.data = self.folder / "run", self.folder / "data"
        self.socket = str(self.run / "api.sock")
        self.cgroup_parent = f"/caisson-test-{os.getpid()}"
        self.process = None

    def __enter__(self):
        try:
            self.start()
            if self.import_image:
                archive = self.folder / "busybox.tar"
                subprocess.run([str(TOP / "deploy/busybox-image"), str(archive), IMAGE], check=True)
                self.podctl("image", "import", archive)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run([*self.command(), "--cleanup"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self) -> list:
        return [str(PROGRAMS / "caissond"), "--run-dir", str(self.run), "--data-dir", str(self.data), "--log-dir", str(self.folder / "pods"),
                "--socket", self.socket, "--listen", f"127.0.0.1:{self.port}", "--bridge", "ctest0", "--pod-cidr", "10.231.0.0/16",
                "--cgroup-parent", self.cgroup_parent, *self.flags]

    def start(self):
        """Starts it and waits for its word that it is ready. Source: sd_notify(3)."""
        path = str(self.folder / "notify.sock")
        pathlib.Path(path).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(60)
            log = open(self.log_path, "ab")
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=dict(os.environ, NOTIFY_SOCKET=path))
            log.close()
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except TimeoutError:
                raise AssertionError(f"caissond was not ready within a minute: {self.log()[-2000:]}") from None

    @property
    def log_path(self) -> pathlib.Path:
        return self.folder / "caissond.log"

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def stop(self, how: int = signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def podctl(self, *words, check: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run([str(PROGRAMS / "podctl"), "--server", f"unix://{self.socket}", *map(str, words)], check=check,
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def text(self, path: str) -> str:
        connection = Connection(self.socket)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise AssertionError(f"GET {path} gave {answer.status}: {body[:300]}")
        return body

    def call(self, method: str, path: str, body=None, kind: str = "application/json") -> dict:
        connection = Connection(self.socket)
        payload = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        document = json.loads(text)
        if answer.status >= 300:
            raise ApiError(answer.status, document)
        return document

    def watch(self, version: str, extra: str = ""):
        """Events of default's pods after a resource version, as they come."""
        connection = Connection(self.socket)
        connection.request("GET", f"{PODS}?watch=true&resourceVersion={version}{extra}")
        answer = connection.getresponse()
        while line := answer.readline():
            yield json.loads(line)

    def version(self) -> str:
        return self.call("GET", PODS)["metadata"]["resourceVersion"]

    def wait_for(self, name: str, condition, since: str = "0") -> dict:
        """The pod as the first event shows it for which the condition holds; "DELETED" events count as None."""
        for event in self.watch(since):
            if event["object"]["metadata"]["name"] == name:
                seen = None if event["type"] == "DELETED" else event["object"]
                if condition(seen):
                    return seen
        raise AssertionError(f"the watch ended before pod {name} was as wanted")


def pod(name: str, containers: dict, **spec) -> dict:
    """A v1.Pod of busybox containers: name -> command, or name -> a dict of more fields."""
    made = []
    for container, what in containers.items():
        fields = what if isinstance(what, dict) else {"command": what}
        made.append({"name": container, "image": IMAGE, "imagePullPolicy": "Never", **fields})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": made, "terminationGracePeriodSeconds": 1, **spec}}


def running(count: int):
    """A condition for wait_for: phase Running with that many running containers."""
    def condition(seen):
        if seen is None:
            return False
        status = seen.get("status", {})
        states = [one.get("state", {}) for one in status.get("containerStatuses", [])]
        return status.get("phase") == "Running" and sum("running" in state for state in states) == count
    return condition


def gone(seen) -> bool:
    """A condition for wait_for: the pod was deleted."""
    return seen is None
