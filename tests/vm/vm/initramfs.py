# SPDX-License-Identifier: Apache-2.0
"""The first stage: a cpio archive with busybox, two modules and a script that lays the guest's root.

Source of the archive's form: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst ("newc").
"""
import pathlib

SCRIPT = r"""#!/busybox sh
/busybox mkdir -p /bin /proc /sys /dev /share /over /new
/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
insmod /overlay.ko
mount -t virtiofs share /share
mount -t tmpfs -o mode=755,size=80% over /over
mkdir /over/up /over/work
if grep -qw selinux=1 /proc/cmdline; then
  # The policy comes before there are files to label.
  mount -t selinuxfs selinuxfs /sys/fs/selinux
  dd if=/share/kit/policy of=/sys/fs/selinux/load bs=64M 2>/dev/null
fi
mount -t overlay -o lowerdir=/share/root,upperdir=/over/up,workdir=/over/work root /new
mount -t tmpfs -o mode=755,nodev run /new/run
mkdir -p /new/run/vm/tmp /new/run/vm/kit /new/usr/lib/modules
mount -t tmpfs -o mode=1777,size=80% tmp /new/run/vm/tmp
mount --bind /share/kit /new/run/vm/kit
mount --bind /share/modules /new/usr/lib/modules
while read -r number directory; do
  mkdir -p "/new$directory"
  mount --bind "/share/writable/$number" "/new$directory"
done </share/kit/writable
for port in /sys/class/virtio-ports/*; do
  ln -s "/dev/${port##*/}" "/new/run/vm/$(cat "$port/name")"
done
ip link set lo up
. /share/kit/before
for directory in dev proc sys; do mount --move "/$directory" "/new/$directory"; done
read -r next </share/kit/next
exec switch_root /new $next
"""


def _entry(name: str, mode: int, content: bytes, number: int) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + "".join(f"{field:08x}" for field in fields).encode() + name.encode() + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + content + b"\0" * (-len(content) % 4)


def build(target: pathlib.Path, modules: pathlib.Path):
    """Writes the archive."""
    files = {
        "busybox": (0o100755, pathlib.Path("/bin/busybox").read_bytes()),
        "init": (0o100755, SCRIPT.encode()),
        "overlay.ko": (0o100644, next(modules.rglob("overlay.ko")).read_bytes()),
    }
    archive = b"".join(_entry(name, mode, content, number) for number, (name, (mode, content)) in enumerate(files.items(), 1))
    target.write_bytes(archive + _entry("TRAILER!!!", 0, b"", 0))
