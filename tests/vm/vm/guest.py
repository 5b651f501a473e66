# SPDX-License-Identifier: Apache-2.0
"""What the guest is told: kernel arguments, what PID 1 is, and the command with its environment."""
import os
import shlex

# Ends the machine with the command's status as its last word on a port of its own.
COMMAND = """#!/bin/bash
{environment}
export VM_TMP=/run/vm/tmp
cd {directory}
exec 3> >(exec cat >/run/vm/out) 4> >(exec cat >/run/vm/err)
({command}) </dev/null >&3 2>&4 3>&- 4>&-
status=$?
exec 3>&- 4>&-
wait
echo "$status" >/run/vm/status
sync
busybox reboot -f
"""

# PID 1 of a plain guest: reaps orphans; the command itself ends the machine.
PLAIN_INIT = """#!/busybox sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
(echo 0 >/sys/fs/cgroup/session/cgroup.procs; exec /bin/bash /run/vm/kit/command) &
while :; do wait; done
"""

BEFORE_PLAIN = """
hostname vm
mkdir -p /dev/pts /dev/shm /dev/mqueue /dev/net
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mknod /dev/net/tun c 10 200
mknod /dev/loop-control c 10 237
ln -s /proc/self/fd /dev/fd
for n in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${n%:*}" "/dev/${n#*:}"; done
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
sed 's/[^ ]*/+&/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/session
mount -t securityfs securityfs /sys/kernel/security
mount -t bpf bpf /sys/fs/bpf
"""

# Only the command and what it needs: every service costs a second under emulation.
BEFORE_SYSTEMD = """
units=/new/run/systemd/system
mkdir -p $units
printf '[Unit]\\nRequires=basic.target\\nAfter=basic.target\\nWants=dbus.socket vm-command.service\\nAllowIsolate=yes\\n' >$units/vm.target
printf '[Unit]\\nAfter=basic.target dbus.socket\\n[Service]\\nExecStart=/bin/bash /run/vm/kit/command\\nKillMode=none\\nTasksMax=infinity\\n' >$units/vm-command.service
for wanted in /new/etc/systemd/system/*.wants/* /new/usr/lib/systemd/system/*.wants/*; do
  case ${wanted##*/} in
    dbus.socket | systemd-journald* | kmod-static-nodes.service | *-setup-dev.service | *.mount) ;;
    *) rm -f "$wanted" ;;
  esac
done
rm -f /new/.dockerenv
[ -s /new/etc/machine-id ] || busybox uuidgen | tr -d - >/new/etc/machine-id
"""


def kernel_arguments(options) -> str:
    lsm = options.lsm
    words = ["mitigations=off", "nokaslr", "tsc=unstable", "clocksource=hpet", "random.trust_cpu=on", "panic=-1", "quiet",
             "cgroup_no_v1=all", f"apparmor={int(lsm == 'apparmor')}", f"selinux={int(lsm == 'selinux')}", "enforcing=0",
             "lsm=landlock,yama," + ("" if lsm == "none" else lsm + ",") + "bpf", "console=ttyS0"]
    if options.init == "systemd":
        words += ["systemd.unit=vm.target", "systemd.unified_cgroup_hierarchy=1", "fstab=no", "systemd.show_status=no",
                  "systemd.log_level=warning"]
    return " ".join(words)


def files(options) -> dict:
    """Name -> text of what the first stage reads."""
    environment = {"HOME": os.environ.get("HOME", "/root"), "PATH": os.environ["PATH"], "VM_LSM": options.lsm, "VM_INIT": options.init}
    environment.update(pair.split("=", 1) for pair in options.env)
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
    systemd = options.init == "systemd"
    return {
        "command": COMMAND.format(environment=exports, directory=shlex.quote(os.getcwd()), command=shlex.join(options.command)),
        "init": PLAIN_INIT,
        "before": BEFORE_SYSTEMD if systemd else BEFORE_PLAIN,
        "next": "/lib/systemd/systemd\n" if systemd else "/bin/busybox sh /run/vm/kit/init\n",
        "writable": "".join(f"{number} {os.path.realpath(path)}\n" for number, path in enumerate(options.writable)),
    }
