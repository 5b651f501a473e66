# SPDX-License-Identifier: Apache-2.0
"""One machine's life: the shared tree, virtiofsd, QEMU, and the three ports that carry output and status."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

from vm import guest, initramfs
from vm.kernel import Kernel, Unprepared

VIRTIOFSD = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd")


class Failed(Exception):
    """The machine, not the command, failed."""


def _share_script(work: pathlib.Path, kernel: Kernel, options) -> str:
    """Binds what the guest may see below one folder, in a mount namespace that ends with virtiofsd."""
    tree = work / "tree"
    here = subprocess.run(["findmnt", "-no", "TARGET", "-T", os.getcwd()], capture_output=True, text=True, check=True).stdout.strip()
    lines = ["set -e", f"mount -t tmpfs share {tree}", f"mkdir {tree}/root {tree}/modules {tree}/kit {tree}/writable",
             f"cp {work}/kit/* {tree}/kit/"]
    read_only = [("/", f"{tree}/root"), (kernel.modules, f"{tree}/modules")]
    if here != "/":
        read_only.append((here, f"{tree}/root{here}"))
    for source, target in read_only:
        lines += [f"mount --bind {source} {target}", f"mount -o remount,bind,ro {target}"]
    for number, path in enumerate(options.writable):
        lines += [f"mkdir {tree}/writable/{number}", f"mount --bind {os.path.realpath(path)} {tree}/writable/{number}"]
    daemon = next((path for path in VIRTIOFSD if os.access(path, os.X_OK)), None)
    if daemon is None:
        raise Failed("no virtiofsd (try: apt-get install qemu-system-common)")
    lines.append(f"exec {daemon} --socket-path={work}/fs.sock -o source={tree},cache=always")
    return "\n".join(lines)


def _qemu(work: pathlib.Path, kernel: Kernel, options) -> list:
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-M", "q35,memory-backend=ram", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(options.memory),
               "-object", f"memory-backend-memfd,id=ram,size={options.memory}M,share=on",
               "-kernel", str(kernel.image), "-initrd", str(work / "initramfs"), "-append", guest.kernel_arguments(options),
               "-chardev", f"socket,id=fs,path={work}/fs.sock", "-device", "vhost-user-fs-pci,chardev=fs,tag=share",
               "-device", "virtio-rng-pci", "-serial", "file:/dev/stderr" if options.console else f"file:{work}/console",
               "-device", "virtio-serial-pci"]
    for port in ("out", "err", "status"):
        command += ["-chardev", f"file,id={port},path={work}/{port}", "-device", f"virtserialport,chardev={port},name={port}"]
    return command


def _pump(path: pathlib.Path, sink):
    with open(path, "rb") as pipe:
        # Line by line as it comes: copyfileobj would wait for its whole buffer.
        while data := os.read(pipe.fileno(), 65536):
            sink.write(data)
            sink.flush()


def run(kernel: Kernel, options) -> int:
    """The command's exit status, or 124 after the time-out. Raises Failed."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="caisson-vm-"))
    children = []
    try:
        (work / "kit").mkdir()
        (work / "tree").mkdir()
        for name, text in guest.files(options).items():
            (work / "kit" / name).write_text(text)
        if options.lsm == "selinux":
            _compile_policy(work / "kit/policy")
        initramfs.build(work / "initramfs", kernel.modules)
        for port in ("out", "err", "status"):
            os.mkfifo(work / port)
        share = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "bash", "-c", _share_script(work, kernel, options)],
                                 stdin=subprocess.DEVNULL, stdout=open(work / "virtiofsd.log", "wb"), stderr=subprocess.STDOUT)
        children.append(share)
        _wait_for_socket(work, share)
        status = open(work / "kit/status", "w+b")  # noqa: SIM115: read after the pump ends
        pumps = [threading.Thread(target=_pump, args=(work / name, sink), daemon=True)
                 for name, sink in (("out", sys.stdout.buffer), ("err", sys.stderr.buffer), ("status", status))]
        for pump in pumps:
            pump.start()
        machine = subprocess.Popen(_qemu(work, kernel, options), stdin=subprocess.DEVNULL)
        children.append(machine)
        try:
            machine.wait(options.timeout)
        except subprocess.TimeoutExpired:
            print(f"vm: no end after {options.timeout} s", file=sys.stderr)
            return 124
        for pump in pumps:
            pump.join(10)
        status.seek(0)
        text = status.read().decode().strip()
        if not text.isdigit():
            tail = (work / "console").read_text(errors="replace")[-2000:] if (work / "console").exists() else ""
            raise Failed(f"the machine ended without a status (QEMU gave {machine.returncode})\n{tail}")
        return int(text)
    except (OSError, subprocess.CalledProcessError, Unprepared) as error:
        raise Failed(str(error)) from error
    finally:
        for child in children:
            child.kill()
            child.wait()
        shutil.rmtree(work, ignore_errors=True)


def _compile_policy(target: pathlib.Path):
    """Our own policy, for the newest format that the guest's kernel reads."""
    source = pathlib.Path(__file__).resolve().parent.parent / "policy.cil"
    try:
        subprocess.run(["secilc", "-c", "33", "-o", str(target), "-f", os.devnull, str(source)], check=True)
    except FileNotFoundError:
        raise Failed("no secilc (try: apt-get install secilc)") from None


def _wait_for_socket(work: pathlib.Path, share: subprocess.Popen):
    """virtiofsd tells nobody when it listens; it ends when it cannot."""
    while not (work / "fs.sock").exists():
        try:
            share.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise Failed(f"virtiofsd did not start: {(work / 'virtiofsd.log').read_text(errors='replace')}")
