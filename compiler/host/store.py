"""The cache of what was fetched: files by key, shared by all repositories and processes of a machine.

A file is written beside its place and moved there, so a reader sees it whole or not at all. Whoever fetches a key holds
its lock meanwhile, so of many processes that want it one fetches it. What is in the cache is checked by who reads it:
`LAMELLA_CACHE` may be a directory that others can write to. Our own code rather than a library's: diskcache stores
pickles, which run code when they are read.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ENTRIES = "archives"


def default_directory() -> Path:
    """`LAMELLA_CACHE`, else the user's cache directory by the XDG rules."""
    if own := os.environ.get("LAMELLA_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "lamella"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the cache: its key, its size in bytes, and when it was last read, in seconds since 1970."""

    key: str
    size: int
    used: float


class Store:
    """A directory of files by key: lower-case hex, as digests are. It is made when the first file is kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._threads: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """The content of a key, or None. Reading it counts as use: `prune` removes what was not used for longest."""
        place = self._place(key)
        try:
            content = place.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keeps a content. A cache that cannot be written to is no error: the next process fetches again."""
        place = self._place(key)
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{key[:8]}-", dir=place.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                os.replace(name, place)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def remove(self, key: str) -> None:
        with contextlib.suppress(OSError):
            self._place(key).unlink()

    def entries(self) -> list[Entry]:
        """What is kept, the least recently used first."""
        entries = []
        for place in (self.root / _ENTRIES).glob("??/*"):
            with contextlib.suppress(OSError):
                status = place.stat()
                entries.append(Entry(place.name, status.st_size, status.st_mtime))
        return sorted(entries, key=lambda entry: (entry.used, entry.key))

    @contextlib.contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """For `with`: no other process or thread is inside for the same key. Without a writable cache, no other thread."""
        with self._guard:
            own = self._threads.setdefault(key, threading.Lock())
        with own, self._locked(key):
            yield

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        try:
            import fcntl
        except ImportError:  # Windows: two processes may both fetch; each moves a whole file into place
            yield
            return
        place = self.root / "locks" / key[:2]
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _place(self, key: str) -> Path:
        return self.root / _ENTRIES / key[:2] / key
