"""What the worker processes are asked to do in tests: they import it by name."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


class CannotTravel(Exception):
    """Pickles, and cannot be read back: its constructor wants two arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def double(number: int) -> int:
    return number * 2


def pid(_: object) -> int:
    return os.getpid()


def modules(_: object) -> frozenset[str]:
    """What this process has imported."""
    return frozenset(sys.modules)


def slow_pid(_: object) -> int:
    time.sleep(0.15)
    return os.getpid()


def do(what: Any) -> Any:
    """One of many misdeeds, or returns what it was given."""
    match what:
        case "hang":
            while True:
                pass
        case "hang in C, holding the interpreter's lock":
            ctypes.PyDLL(None).sleep(60)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(7)
        case "sys.exit":
            sys.exit(3)
        case "python hog":
            return len([bytearray(1 << 20) for _ in range(100_000)])
        case "one huge object":
            return len("a" * (1 << 40))
        case "raise":
            raise ValueError("no such thing")
        case "raise what cannot travel":
            raise CannotTravel("a", "b")
        case "return what cannot travel":
            return CannotTravel("a", "b")
        case "return what cannot be pickled":
            return lambda: None
        case "noise":
            print("on stdout", flush=True)
            os.write(2, b"fatal: the reason\n")
            os._exit(2)
        case ("once", path):
            if not Path(path).exists():
                Path(path).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case ("grandchild", path):
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            Path(path).write_text(str(child.pid))
            time.sleep(60)
        case ("alone?", directory):
            marker = Path(directory) / str(os.getpid())
            marker.touch()
            time.sleep(0.05)
            crowd = len(list(Path(directory).glob("[0-9]*")))
            with (Path(directory) / "log").open("a") as log:
                log.write(f"{crowd}\n")
            marker.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    return what


def helm(template: str) -> str:
    """What the embedded Helm renders from a chart with this template."""
    import io
    import json
    import tarfile

    import helm_python
    from helm_python import _native

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in {
            "x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n",
            "x/templates/a": template,
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    chart = helm_python.Chart.load_archive(archive.getvalue())
    rendered = _native.call_string("helm_render", chart._raw(), "{}", json.dumps({"name": "x", "namespace": "x"}))
    return str(json.loads(rendered)["x/templates/a"])


seen: list[int] = []


def remember(number: int) -> None:
    seen.append(number)


def recall(_: object) -> tuple[int, ...]:
    return tuple(seen)


def refuse() -> None:
    raise RuntimeError("not today")


def die() -> None:
    os._exit(9)
