"""Other readers of YAML, to compare with: kubectl, Helm's own parser, PyYAML (1.1), ruamel.yaml (1.2)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import ruamel.yaml
import yaml

FOO = "apiVersion: v1\nkind: Foo\nmetadata: {name: a}\n"


def kubectl_reads(kubectl: Path, file: Path, text: str) -> Any:
    """What kubectl reads of one object; give it a kind that it does not know (FOO), so that no type changes it."""
    [read] = kubectl_reads_all(kubectl, file, text)
    return read


def kubectl_reads_all(kubectl: Path, file: Path, text: str) -> list[Any]:
    """As `kubectl_reads` for a file of several objects."""
    file.write_bytes(text.encode())
    command = [str(kubectl), "patch", "--local", "-f", str(file), "--type=merge", "-p", "{}", "-o", "json"]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    decoder, printed, read = json.JSONDecoder(), done.stdout.decode().strip(), []
    while printed:
        value, end = decoder.raw_decode(printed)
        read.append(value)
        printed = printed[end:].strip()
    return read


def pyyaml_reads(text: str) -> Any:
    return yaml.safe_load(text)


def ruamel_reads(text: str) -> Any:
    return ruamel.yaml.YAML(typ="safe", pure=True).load(text)


def same(left: Any, right: Any) -> bool:
    """Equal data: an int and a float may be the same number (JSON has one kind), a bool is no number."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)) and abs(left) >= 2**63:
        return float(left) == float(right)  # JSON text of such numbers is rounded to the digits that tell floats apart
    return left == right and (type(left) is type(right) or not isinstance(left, str))
