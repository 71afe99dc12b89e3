"""Image references and the rules that swap registries."""

from __future__ import annotations

import pytest

from compiler.model.overlays import Image, ImageSwap
from compiler.overlay.images import parse_image_swap, renamed, split_registry, swapped

RULES = """
# a comment
default::default.example.com
docker.io::hub.example.com/mirror-
quay.io::quay.example.com/proxy   # another one
cool.io::
registry.example.org::new.example.org
docker.io/library::library.example.com/library
noswap_wildcards::internal, walrus.io
[EXACT]ghcr.io/fantasy/stuff:v1::patched.example.com/stuff:latest
[REPLACE]ghcr.io/public*::replaced.example.com
"""

SWAPPED = {
    "ghcr.io/fantasy/stuff:v1": "patched.example.com/stuff:latest",
    "ghcr.io/fantasy/stuff:v2": "default.example.com/fantasy/stuff:v2",
    "ghcr.io/public/tool:1": "replaced.example.com/tool:1",
    "ghcr.io/public-too/a/b@sha256:12": "replaced.example.com/b@sha256:12",
    "quay.io/org/app:1": "quay.example.com/proxy/org/app:1",
    "cool.io/org/app:1": "cool.io/org/app:1",
    "registry.example.org:5000/app": "new.example.org/app",
    "nginx:1.25": "library.example.com/library/nginx:1.25",
    "org/app": "hub.example.com/mirror-docker.io/org/app",
    "docker.io/org/app": "hub.example.com/mirror-docker.io/org/app",
    "my.internal.net/app": "my.internal.net/app",
    "walrus.io/app": "walrus.io/app",
    "other.example.net/app:2": "default.example.com/app:2",
}


@pytest.mark.parametrize(("before", "after"), SWAPPED.items())
def test_swapped(before: str, after: str) -> None:
    assert swapped(before, parse_image_swap(RULES)) == after


def test_without_default_other_images_stay() -> None:
    """Palette's example: swap one registry only. Its `default:` has the old separator."""
    rules = parse_image_swap("default:\nexample.private.io::harbor.internal.example.com")
    assert swapped("example.private.io/a:1", rules) == "harbor.internal.example.com/a:1"
    assert swapped("gcr.io/a:1", rules) == "gcr.io/a:1"


def test_a_slash_at_the_end_of_a_pattern_s_target_is_one_slash() -> None:
    rules = parse_image_swap("[REPLACE]ghcr.io/*::mirror.example.com/all/")
    assert swapped("ghcr.io/a/b:1", rules) == "mirror.example.com/all/b:1"


def test_no_rules() -> None:
    assert parse_image_swap("# nothing\n\n") == ImageSwap()
    assert swapped("gcr.io/a:1", ImageSwap()) == "gcr.io/a:1"


@pytest.mark.parametrize("line", ["nonsense", "::x", "a::b::c", "host:5000:other"])
def test_no_rule(line: str) -> None:
    with pytest.raises(ValueError, match="is not a valid image swap rule"):
        parse_image_swap(line)


REGISTRIES = {
    "nginx": ("docker.io", "nginx"),
    "org/nginx:1": ("docker.io", "org/nginx:1"),
    "localhost/a": ("localhost", "a"),
    "host:5000/a/b": ("host:5000", "a/b"),
    "gcr.io/a": ("gcr.io", "a"),
}


@pytest.mark.parametrize(("reference", "parts"), REGISTRIES.items())
def test_registry(reference: str, parts: tuple[str, str]) -> None:
    assert split_registry(reference) == parts


RENAMED = {
    ("a/b:1", "a/b"): "new:1",
    ("a/b", "a/b"): "new",
    ("a/b@sha512:ff", "a/b"): "new@sha512:ff",
    ("a/bc:1", "a/b"): "a/bc:1",
    ("x/a/b:1", "a/b"): "x/a/b:1",
    ("a.b:1", "a.b"): "new:1",
    ("axb:1", "a.b"): "axb:1",
    ("a/b/c", "a/b"): "a/b/c",
    ("a:5000/b", "a"): "a:5000/b",
}


@pytest.mark.parametrize(("given", "after"), RENAMED.items())
def test_renamed(given: tuple[str, str], after: str) -> None:
    reference, name = given
    assert renamed(reference, Image(name, "new")) == after
