#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every member of the specification has a row in docs/spec-coverage.md, and every test that a document names is there.

  spec_coverage.py TOP

Also each row of docs/errors.md names a test that asserts its sentence: the words are in the test's file.
"""
import pathlib
import re
import sys

CODE = re.compile(r"`([^`]+)`")
CASE = re.compile(r"[A-Z]\w*[a-z]\w*\.[A-Z]\w*")
CHECK = re.compile(r"[a-z]+/[a-z]+:[a-z]\w*")


def members(top: pathlib.Path) -> set:
    """What has a value of its own: not the objects, lists and maps around it."""
    found = set()
    for line in (top / "tests/data/runtime_spec_fields.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        path, kind = line.split()
        if kind not in ("object", "array", "map"):
            found.add(path.removesuffix("[]").removesuffix("{}"))
    return found


def expand(text: str) -> list:
    """"a.{b,c}" is a.b and a.c; "{}" is part of a name."""
    group = re.search(r"\{([^{}]+)\}", text)
    if not group:
        return [text]
    return [one for word in group[1].split(",") for one in expand(text[:group.start()] + word + text[group.end():])]


def tests(top: pathlib.Path) -> dict:
    """All names, Suite.Case of GoogleTest and title:check of the checks in Python, and the text of their files."""
    names = {}
    for path in (top / "tests").rglob("*.cc"):
        text = path.read_text(encoding="utf-8")
        for suite, case in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)", text, re.MULTILINE):
            names[f"{suite}.{case}"] = plain(text)
    for folder in ("integration", "vm/checks"):
        for path in (top / "tests" / folder).rglob("*"):
            if path.suffix or not path.is_file() or not path.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3"):
                continue
            text = path.read_text(encoding="utf-8")
            title = re.search(r"(?:main|run_all)\(\"([\w/]+)\"", text)
            names.update({f"{title[1]}:{check}": plain(text) for check in re.findall(r"^@check\ndef (\w+)", text, re.MULTILINE) if title})
    return names


def plain(source: str) -> str:
    """Without what only the language needs: literals side by side are one, and quotes in them have no backslash."""
    return re.sub(r'"\s*\n\s*"', "", source).replace('\\"', '"')


# What stands for something else in a sentence of the document.
HOLE = re.compile(r'"/?[xX]"|"n"|…|\b[nsx]\b|KIND|PATH|RLIMIT_X|CAP_X|CONTROLLER')


def words_of(sentence: str) -> str:
    """The longest part of a sentence that is always the same."""
    return max((part.strip(' ":()') for part in HOLE.split(sentence)), key=len)


def rows(text: str) -> list:
    """The cells of each row of each table, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    heads = {line for line, after in zip(text.splitlines(), text.splitlines()[1:]) if after.startswith("| ---")}
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
            if line not in heads and not line.startswith("| ---")]


def named(text: str) -> list:
    return [word for word in CODE.findall(text) if CASE.fullmatch(word) or CHECK.fullmatch(word)]


def check_coverage(top: pathlib.Path, known: dict) -> list:
    text = (top / "docs/spec-coverage.md").read_text(encoding="utf-8")
    wrong = [f"docs/spec-coverage.md: there is no test {name}" for name in named(text) if name not in known]
    wanted, seen = members(top), set()
    for cells in rows(text):
        paths = [path for word in CODE.findall(cells[0]) for path in expand(word)]
        if len(cells) < 3:
            continue  # a rule, no member
        wrong += [f"docs/spec-coverage.md: {path} is no member" for path in paths if path not in wanted]
        wrong += [f"docs/spec-coverage.md: {path} has two rows" for path in paths if path in seen]
        wrong += [] if named(cells[1]) else [f"docs/spec-coverage.md: {cells[0]} names no test"]
        seen.update(paths)
    return wrong + [f"docs/spec-coverage.md: no row for {path}" for path in sorted(wanted - seen)]


def check_errors(top: pathlib.Path, known: dict) -> list:
    text = (top / "docs/errors.md").read_text(encoding="utf-8")
    wrong = []
    for cells in rows(text):
        names = named(cells[-1])
        wrong += [] if names else [f"docs/errors.md: {cells[0]} names no test"]
        wrong += [f"docs/errors.md: there is no test {name}" for name in names if name not in known]
        for words in map(words_of, CODE.findall(cells[0])):
            if not any(words in known.get(name, "") for name in names):
                wrong.append(f"docs/errors.md: \"{words}\" is not in the file of {', '.join(names)}")
    return wrong


def main() -> int:
    top = pathlib.Path(sys.argv[1])
    known = tests(top)
    wrong = check_coverage(top, known) + check_errors(top, known)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
