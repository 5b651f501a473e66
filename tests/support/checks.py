# SPDX-License-Identifier: Apache-2.0
"""Checks of a client that drives a runtime: each is a function; what it raises is why it failed."""
import fcntl
import subprocess
import sys
import traceback

_checks = []


def check(function):
    """Registers a check; its name is the function's."""
    _checks.append(function)
    return function


class Wrong(AssertionError):
    """What was seen is not what was to be seen."""


class Skipped(Exception):
    """This machine cannot show it; the text says why."""


def expect(condition, message: str):
    if not condition:
        raise Wrong(message)


def run(command: list, status=0, timeout=90, **more) -> subprocess.CompletedProcess:
    """Runs a command; `status` None takes any exit status."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False,
                          **({} if "input" in more else {"stdin": subprocess.DEVNULL}), **more)
    if status is not None and done.returncode != status:
        raise Wrong(f"{' '.join(str(word) for word in command[-6:])} gave {done.returncode}, not {status}: "
                    f"{(done.stdout + done.stderr).strip()[-500:]}")
    return done


def take_host_lock():
    """Waits for the lock that every test holds while it changes the host; kept until this process ends."""
    lock = open("/run/caisson-test.lock", "w", encoding="ascii")  # noqa: SIM115
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def run_all(title: str, client, only: list) -> int:
    """Runs the registered checks with the client; prints a line each and the count. 0 when all passed."""
    passed = failed = skipped = 0
    for function in _checks:
        name = function.__name__
        if only and name not in only:
            continue
        try:
            function(client)
            passed += 1
            print(f"pass  {name}", flush=True)
        except Skipped as reason:
            skipped += 1
            print(f"skip  {name}: {reason}", flush=True)
        except (Wrong, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAIL  {name}: {error}", flush=True)
        except Exception:  # noqa: BLE001: a check that breaks is a failed check, the others go on
            failed += 1
            print(f"FAIL  {name}: {traceback.format_exc(limit=3)}", flush=True)
    print(f"{title}: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


def skip(title: str, reason: str):
    print(f"{title}: skipped: {reason}")
    sys.exit(77)
