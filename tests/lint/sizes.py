#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on a source file that nobody can hold in their head, or one without its licence line.

Usage: sizes.py [REPOSITORY]
"""
import pathlib
import subprocess
import sys

MAX_LINES = 500


def main() -> int:
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    listed = subprocess.run(["git", "-C", str(top), "ls-files", "*.cc", "*.h", "*.py", "*CMakeLists.txt"],
                            check=True, capture_output=True, text=True).stdout.split()
    findings = []
    for name in listed:
        path = top / name
        if not path.exists():
            continue
        lines = path.read_text().splitlines()
        if len(lines) > MAX_LINES:
            findings.append(f"{name}: {len(lines)} lines, over {MAX_LINES}: split it by purpose")
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
            findings.append(f"{name}: no SPDX line at its top")
    print("\n".join(findings) if findings else f"sizes: {len(listed)} files, none over {MAX_LINES} lines")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
