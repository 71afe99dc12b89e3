"""The outside as the stages see it. `compiler/host` has the real ones; tests hand in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from compiler.diagnostics import Position

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is at a path. For a link, `target` is its text, unresolved. File modes do not matter."""

    kind: Literal["file", "directory", "link", "other"]
    target: str = ""


class Files(Protocol):
    """A read-only tree of files: a directory, or one commit of a git repository.

    Paths are relative, POSIX, without `.`/`..` components; `""` is the root. Implementations never follow links:
    `compiler.files` does, under its rules (no link may leave the repository).
    """

    def entry(self, path: str) -> Entry | None:
        """What is at `path`, or None where there is nothing."""

    def names(self, path: str) -> tuple[str, ...]:
        """Names in the directory at `path`, sorted."""

    def read(self, path: str) -> bytes:
        """The bytes of the regular file at `path`. Raises FileNotFoundError."""


class Each(Protocol):
    """`map`, which may work on several items at once. Results come in order."""

    def __call__(self, function: Callable[[A], B], items: Sequence[A], /) -> Iterable[B]:
        """The function's result for each item, in the order of the items."""


class CommitTree(Files, Protocol):
    """The files of one commit of a git repository, with the commit's id."""

    @property
    def commit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Remote:
    """A branch, tag or commit (`ref`; '' for the default branch) of a git repository elsewhere: https://…, ssh://…,
    file://… or git@HOST:PATH. `at` is where that is written, None for the command line."""

    url: str
    ref: str = ""
    at: Position | None = None


class Repositories(Protocol):
    """The git repositories outside. `compiler.host.git.remote` has the real ones."""

    def tree(self, remote: Remote, commit: str = "") -> CommitTree:
        """The files of this commit, or of the one that the remote's `ref` means now. Raises CompileError: `git-fetch`
        (environment) where the remote cannot be reached, `git-unknown-ref`, `git-commit-gone`."""


Kind = Literal["chart", "pack", "import"]
"""What is locked. An import is what other repositories give: profiles, templates, macros, packs and their files."""


@dataclass(frozen=True, slots=True)
class Registry:
    """A place that charts or packs come from: a folder of this repository (`path`), an HTTP repository with an index.yaml
    or an OCI base (`url`: https://…, oci://…), or a git repository (`git`, with `ref`, and `path` inside it).

    `name` is '' for one that a chart names by `repo:`. Credentials are never part of it: see docs/registries.md.
    """

    name: str
    at: Position | None  # None: on the command line
    path: str = ""
    url: str = ""
    kind: Literal["helm", "pack"] = "pack"
    git: str = ""
    ref: str = ""
    layout: Literal["lamella", "palette"] = "lamella"  # of packs in an OCI registry
    verify: Literal["always", "if-present", "never"] = "never"  # signatures, when something is locked
    keyring: str = ""  # a file of the repository with the keys that may sign Helm's provenance
    cosign_key: str = ""  # the same for signatures of OCI artifacts, by cosign

    @property
    def remote(self) -> Remote:
        """The git repository that it is."""
        return Remote(self.git, self.ref, self.at)

    @property
    def local(self) -> bool:
        """Whether it is a folder of this repository: nothing of it is locked."""
        return not (self.url or self.git)

    @property
    def source(self) -> str:
        """What tells it from others in lamella.lock. '' if it is local."""
        if self.git:
            inside = f"//{self.path}" if self.path else ""
            return f"git+{self.git}{inside}" + (f"?ref={self.ref}" if self.ref else "")
        return self.url


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a registry gave: an archive (tar under gzip), and the registry's own name for it, as in `Locked.revision`."""

    data: bytes
    revision: str = ""


class Registries(Protocol):
    """The registries outside. `compiler.host.registry` has the real ones."""

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        """The versions of a chart or pack that the registry has. Raises CompileError: `registry-*` (environment where
        the network or the server fails, not where the registry has nothing of that name)."""

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        """The archive of a version as the registry spells it, of this revision if one is given. Raises as `versions`."""

    def verify(self, registry: Registry, kind: Kind, name: str, version: str, fetched: Fetched, key: bytes) -> str:
        """By which key what was fetched is signed: a fingerprint; '' where nobody signed it. `key` is the registry's
        keyring, or its key for cosign. Raises CompileError: `signature-invalid`, `signature-tool`, and as `versions`."""

    def image_digest(self, image: str, declared: Sequence[Registry]) -> str:
        """The digest (`sha256:…`) of what an image reference means, that of the index where it is for several platforms.
        Who we are at its registry is known by its host, and as for a `declared` registry there. Raises as `versions`."""

    def names(self, registry: Registry, kind: Kind) -> Collection[str]:
        """The charts or packs that the registry has. Raises `registry-no-catalog` where it does not tell, and as
        `versions`."""

    def push(self, registry: Registry, name: str, version: str, archive: bytes) -> str:
        """Puts a pack into an OCI registry, whatever is under its version, and gives its revision. Raises as `versions`."""
