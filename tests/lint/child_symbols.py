#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when an object of the child zone (*_child.cc) needs a symbol that it must not call.

Between clone3 and execve there is no heap, no exception, no stdio and nothing loaded late, so an object
of that zone may only need system-call wrappers, plain memory and string functions, and other child code.
Usage: child_symbols.py BUILD_FOLDER
"""
import pathlib
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"^(_Znw|_Zna|_Zdl|_Zda|__cxa_|_Unwind|_ZSt\w*throw|_ZNSt(?!3__)|_ZNKSt|"
    r"malloc$|calloc$|realloc$|free$|posix_memalign$|strdup$|"
    r"(f|v|s|vs|vf|as|d)?n?printf$|__\w*printf_chk$|fopen|fdopen|fputs|puts$|fwrite|fflush|opendir|readdir|"
    r"getenv$|setenv$|getpw|getgr|dlopen|dlsym|pthread_mutex|pthread_create|exit$|abort$|atexit|syslog|"
    r"fork$|vfork$|system$|popen$)")


def undefined(obj: pathlib.Path):
    text = subprocess.run(["nm", "-u", str(obj)], check=True, capture_output=True, text=True).stdout
    return [line.split()[-1].split("@")[0] for line in text.splitlines() if line.strip()]


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    objects = sorted(build.rglob("*_child.cc.o"))
    findings = [f"{obj.name[:-2]}: needs {name}" for obj in objects for name in undefined(obj)
                if FORBIDDEN.match(name)]
    print("\n".join(findings) if findings else f"child zone: {len(objects)} objects, system calls only")
    if not objects:
        print(f"no *_child.cc.o below {build} (try: build it first)")
    return 1 if findings or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
