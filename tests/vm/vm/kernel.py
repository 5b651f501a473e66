# SPDX-License-Identifier: Apache-2.0
"""The guest's kernel: Debian's cloud flavour, unpacked once and kept in a cache.

The 6.12 of bookworm-security has virtiofs, virtio and ext4 built in; overlay, veth, bridge and nftables are modules.
QEMU boots the unpacked ELF image directly, and modules are decompressed here: under emulation both would take seconds.
"""
import dataclasses
import fcntl
import pathlib
import shutil
import subprocess

META_PACKAGE = "linux-image-6.12-cloud-amd64"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class Unprepared(Exception):
    """The kernel package could not be had or unpacked."""


@dataclasses.dataclass
class Kernel:
    version: str
    image: pathlib.Path    # vmlinux
    modules: pathlib.Path  # a lib/modules folder


def _package_name() -> str:
    text = subprocess.run(["apt-cache", "depends", META_PACKAGE], capture_output=True, text=True, check=False).stdout
    for line in text.splitlines():
        if line.strip().startswith("Depends: linux-image-"):
            return line.split()[1]
    raise Unprepared(f"no package {META_PACKAGE} (try: apt-get update)")


def _unpack_image(compressed: pathlib.Path, target: pathlib.Path):
    data = compressed.read_bytes()
    start = data.index(ZSTD_MAGIC)
    # The boot header's trailer follows the frame, so zstd complains after it has written all.
    with open(target, "wb") as out:
        subprocess.run(["zstd", "-dcq"], input=data[start:], stdout=out, stderr=subprocess.DEVNULL, check=False)
    if target.read_bytes()[:4] != b"\x7fELF":
        raise Unprepared(f"{compressed.name} holds no ELF image behind its zstd frame")


def _install(package: str, folder: pathlib.Path):
    draft = folder.with_name(folder.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "deb").mkdir(parents=True)
    subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], cwd=draft / "deb", check=True)
    archive = next((draft / "deb").glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(archive), str(draft / "tree")], check=True)
    version = package.removeprefix("linux-image-")
    _unpack_image(draft / "tree/boot" / f"vmlinuz-{version}", draft / "vmlinux")
    shutil.move(draft / "tree/lib", draft / "lib")
    packed = [str(path) for path in (draft / "lib/modules").rglob("*.ko.xz")]
    for first in range(0, len(packed), 200):
        subprocess.run(["xz", "-d", *packed[first:first + 200]], check=True)
    subprocess.run(["depmod", "-b", str(draft), version], check=True)
    shutil.rmtree(draft / "tree")
    shutil.rmtree(draft / "deb")
    draft.rename(folder)


def prepare(cache: pathlib.Path) -> Kernel:
    """The kernel from the cache, put there first when it is not. Safe to call in several processes at once."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = sorted(cache.glob("linux-image-*"))
        folder = kept[-1] if kept else cache / _package_name()
        if not folder.exists():
            _install(folder.name, folder)
    return Kernel(folder.name.removeprefix("linux-image-"), folder / "vmlinux", folder / "lib/modules")
