"""Output directories for tests, and writers to be killed: `python -m tests.host.outputs ROOT [NAME]`."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics import CompileError
from compiler.host.write import locked, publish, replace

OLD = {f"clusters/c{i}/0{j}-l/f.yaml": f"old {i} {j}\n".encode() for i in range(3) for j in range(2)}
OLD["inventory.json"] = b"{}"
# One file of each kind of change; c0 stays, c2 goes, c3 comes.
NEW = {path: content for path, content in OLD.items() if "/c2/" not in path}
NEW |= {"clusters/c1/00-l/f.yaml": b"changed\n", "clusters/c3/00-l/f.yaml": b"added\n", "inventory.json": b"{1}"}
FOREIGN = {"README.md": b"mine\n", "clusters/c2/notes.txt": b"mine too\n"}


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """What an inventory says of `files`."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


def make(root: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def contents(root: Path) -> dict[str, bytes]:
    """{path: bytes} of the files below `root`; a link is its target, a directory without anything ends in '/'."""
    found: dict[str, bytes] = {}
    for directory, directories, files in os.walk(root):
        here = Path(directory)
        for name in [*directories, *files]:
            path = here / name
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[relative] = b"-> " + os.fsencode(os.readlink(path))
            elif path.is_file():
                found[relative] = path.read_bytes()
            elif path.is_dir() and not any(path.iterdir()):
                found[f"{relative}/"] = b""
    return found


def identities(root: Path) -> dict[str, tuple[int, int]]:
    """{path: (inode, modification time)} of the files below `root`: what 'not touched' means."""
    found = {}
    for path in contents(root):
        status = (root / path).lstat()
        if stat.S_ISREG(status.st_mode):
            found[path] = (status.st_ino, status.st_mtime_ns)
    return found


def race(root: Path, name: str, rounds: int) -> None:
    """Publishes a tree of its own again and again, each time knowing what the run before it wrote."""
    for number in range(rounds):
        with locked(root, wait_s=60):
            there = contents(root) if root.is_dir() else {}
            if len({content.split()[0] for content in there.values()}) > 1:
                raise SystemExit(f"a mix: {there}")
            new = {f"{i}/{name}-{number}": f"{name} {i}".encode() for i in range(20)}
            replace(root, new, digests(there))


def main() -> None:
    root = Path(sys.argv[1])
    if len(sys.argv) > 2:
        race(root, sys.argv[2], 4)
    else:
        publish(root, NEW, digests(OLD))


if __name__ == "__main__":
    try:
        main()
    except CompileError as problem:
        print(" ".join(f"{d.code}: {d.message} ({d.hint})" for d in problem.diagnostics))
        raise SystemExit(3 if problem.environment else 1) from None
