# SPDX-License-Identifier: Apache-2.0
"""Sections about the OCI runtime: caisson against crun, runc and the floor."""
import itertools
import os
import statistics
import subprocess
import time

from bench.host import Bench, in_thousand_mounts, in_turn, peak_kib, report, system_calls, timed

_ids = itertools.count()


def fresh_id() -> str:
    return f"bench-{os.getpid()}-{next(_ids)}"


def runner(runtime: str, bundle: str):
    return lambda: timed([runtime, "run", "--bundle", bundle, fresh_id()])


def middle(samples: dict, name: str) -> float:
    return statistics.median(samples[name])


def run(bench: Bench):
    """`run` of the default bundle with /bin/true."""
    bundle = bench.bundle("run", bench.spec())
    # The second floor knows what took longest to find out: a process that joins its cgroups by itself waits for nobody.
    contenders = {"floor": lambda: timed(bench.floor_command()),
                  "floor, joins by itself": lambda: timed(bench.floor_command("--join-by-itself"))}
    contenders |= {name: runner(program, bundle) for name, program in bench.runtimes.items()}
    samples = in_turn(contenders, bench.rounds(100))
    report("run, default bundle, /bin/true", samples, "floor")
    bench.goal("run beside the floor", middle(samples, "caisson") / middle(samples, "floor"), 1.6, "x")
    if "crun" in samples:
        bench.goal("run beside crun", middle(samples, "caisson") / middle(samples, "crun"), 0.333, "x")
    calls = {"floor": system_calls(bench.floor_command())}
    calls |= {name: system_calls([program, "run", "--bundle", bundle, fresh_id()]) for name, program in bench.runtimes.items()}
    print("  system calls over all processes: " + ", ".join(f"{name} {count}" for name, count in calls.items()))
    bench.goal("system calls of run", calls["caisson"], 350, "calls")
    peaks = {name: peak_kib(bench, [program, "run", "--bundle", bundle, fresh_id()]) for name, program in bench.runtimes.items()}
    print("  largest resident set of one process: " + ", ".join(f"{name} {kib} KiB" for name, kib in peaks.items()))
    if "crun" in peaks:
        bench.goal("peak memory beside crun", peaks["caisson"] / peaks["crun"], 1, "x")


class Running:
    """A container that sleeps, of one runtime, for as long as the block."""

    def __init__(self, runtime: str, bundle: str):
        self.runtime, self.bundle, self.id = runtime, bundle, fresh_id()

    def __enter__(self):
        # The container keeps its standard streams, so a pipe of ours would never end.
        subprocess.run([self.runtime, "run", "--detach", "--bundle", self.bundle, self.id], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=True)
        return self.id

    def __exit__(self, *_):
        subprocess.run([self.runtime, "delete", "--force", self.id], check=True)


def sleeping(bench: Bench) -> str:
    config = bench.spec()
    config["process"]["args"] = ["/bin/sleep", "1000"]
    return bench.bundle("sleep", config)


def exec_(bench: Bench):
    """`exec /bin/true` into a running container."""
    bundle = sleeping(bench)
    running = {name: Running(program, bundle) for name, program in bench.runtimes.items()}
    ids = {}
    try:
        for name, container in running.items():
            ids[name] = container.__enter__()
        contenders = {name: (lambda n=name: timed([bench.runtimes[n], "exec", ids[n], "/bin/true"])) for name in ids}
        samples = in_turn(contenders, bench.rounds(100))
        report("exec /bin/true", samples, "caisson")
        calls = {name: system_calls([bench.runtimes[name], "exec", ids[name], "/bin/true"]) for name in ids}
        print("  system calls over all processes: " + ", ".join(f"{name} {count}" for name, count in calls.items()))
        bench.goal("exec", middle(samples, "caisson"), 8, "ms")
        if "crun" in samples:
            bench.goal("exec beside crun", middle(samples, "caisson") / middle(samples, "crun"), 0.333, "x")
    finally:
        for name in ids:
            running[name].__exit__()


def memory(bench: Bench):
    """The smallest memory limit under which a container starts."""
    print("\nsmallest memory limit that starts /bin/true")
    found = {}
    for name, program in bench.runtimes.items():
        smallest = None
        for kib in (256, 512, 1024, 2048, 4096, 8192, 16384):
            config = bench.spec()
            config["linux"]["resources"] = {"memory": {"limit": kib * 1024}}
            bundle = bench.bundle("limit", config)
            tries = [subprocess.run([program, "run", "--bundle", bundle, fresh_id()], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode
                     for _ in range(3)]
            if tries == [0, 0, 0]:
                smallest = kib
                break
        found[name] = smallest
        print(f"  {name:24} {smallest} KiB")
    bench.goal("smallest memory limit", found["caisson"], 512, "KiB")


def mounts(bench: Bench):
    """`run` while the host has many mounts."""
    bundle = bench.bundle("run", bench.spec())
    contenders = {name: runner(program, bundle) for name, program in bench.runtimes.items()}
    contenders["floor"] = lambda: timed(bench.floor_command())
    few = in_turn(contenders, bench.rounds(40))
    many = in_thousand_mounts(bench, lambda: in_turn(contenders, bench.rounds(40)))
    print("\nrun with 1000 more host mounts")
    for name in contenders:
        before, after = middle(few, name), middle(many, name)
        print(f"  {name:24} {before:8.2f} -> {after:8.2f} ms  {after / before:6.2f} x")
    bench.goal("run with 1000 host mounts beside run without", middle(many, "caisson") / middle(few, "caisson"), 1.2, "x")


def seccomp(bench: Bench):
    """What a seccomp profile of the usual size costs."""
    config = bench.spec()
    plain = bench.bundle("run", config)
    listed = DEFAULT_ALLOWED
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [{"names": listed, "action": "SCMP_ACT_ALLOW"}]}
    filtered = bench.bundle("seccomp", config)
    contenders = {}
    for name, program in bench.runtimes.items():
        contenders[f"{name}, none"] = runner(program, plain)
        contenders[f"{name}, profile"] = runner(program, filtered)
    samples = in_turn(contenders, bench.rounds(60))
    print(f"\nseccomp profile of {len(listed)} names, warm: what it adds, median over the rounds")
    more = {}
    for name in bench.runtimes:
        pairs = zip(samples[f"{name}, profile"], samples[f"{name}, none"])
        more[name] = statistics.median(with_it - without for with_it, without in pairs)
        print(f"  {name:24} {more[name]:+8.2f} ms")
    bench.goal("seccomp profile", more["caisson"], 0.3, "ms")


def parallel(bench: Bench):
    """100 creates at once."""
    bundle = sleeping(bench)
    print("\n100 parallel creates")
    failures = {}
    for name, program in bench.runtimes.items():
        ids = [fresh_id() for _ in range(100)]
        start = time.perf_counter()
        started = [subprocess.Popen([program, "create", "--bundle", bundle, one], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for one in ids]
        failed = failures[name] = sum(process.wait() != 0 for process in started)
        taken = time.perf_counter() - start
        for one in ids:
            subprocess.run([program, "delete", "--force", one], check=False, capture_output=True)
        print(f"  {name:24} {failed} failed, {taken * 10:.2f} ms each")
    bench.goal("failures of 100 parallel creates", failures["caisson"], 0, "")


# What engines allow by default, nearly.
DEFAULT_ALLOWED = """
accept accept4 access alarm arch_prctl bind brk capget capset chdir chmod chown clock_getres clock_gettime
clock_nanosleep clone clone3 close close_range connect copy_file_range dup dup2 dup3 epoll_create epoll_create1
epoll_ctl epoll_pwait epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
fallocate fchdir fchmod fchmodat fchown fchownat fcntl fdatasync flock fork fstat fstatfs fsync ftruncate futex
getcwd getdents getdents64 getegid geteuid getgid getgroups getpeername getpgid getpgrp getpid getppid getpriority
getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid
inotify_add_watch inotify_init1 inotify_rm_watch ioctl kill lchown link linkat listen lseek lstat madvise membarrier
memfd_create mincore mkdir mkdirat mknod mlock mmap mount mprotect mremap msync munlock munmap nanosleep newfstatat
open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv prlimit64 pselect6
pwrite64 pwritev read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg rename renameat renameat2 restart_syscall
rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_yield select semctl semget semop sendfile
sendmmsg sendmsg sendto set_robust_list set_tid_address setgid setgroups setitimer setpgid setpriority setregid
setresgid setresuid setreuid setrlimit setsid setsockopt setuid shmat shmctl shmdt shmget shutdown sigaltstack signalfd4
socket socketpair splice stat statfs statx symlink symlinkat sync sysinfo tee tgkill time timer_create timer_delete
timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate umask uname unlink unlinkat utime
utimensat vfork wait4 waitid write writev
""".split()
