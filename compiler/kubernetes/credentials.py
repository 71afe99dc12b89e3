"""Credentials in clear: the forms that nothing else has, and where objects other than Secrets have literals of them.

Found by structure, never by how random a text looks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes.keypath import show
from compiler.kubernetes.sops import is_encrypted

# The forms in which services hand out credentials. A key needs its body: scripts and rules only name the first line.
_KNOWN = (
    (
        "a private key",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])*"
            r"(?:[A-Z][\w-]{1,40}: [^\n\\]{0,200}(?:\n|\\n)(?:\s|\\[nr])*){0,4}[A-Za-z0-9+/=]{40}"
            r"|\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"
        ),
    ),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10}|/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/\w{20}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("a signed web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
)
# What all of them begin with: most texts have none of it.
_BEGINNING = re.compile(
    r"PRIVATE KEY|AGE-SECRET-KEY-|AKIA|ASIA|gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|/services/T|AIza|eyJ|LS0tLS1CRUdJTi"
)
_BASE64_PEM = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,}")
_USERINFO = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@?#]{0,80}:([^\s/@?#]{1,200})@[\w.\[-]", re.IGNORECASE)

_PASSWORD = re.compile(r"(?i)(?:password|passwd|passphrase|(?:^|[_.-])pass)$")
_TOKEN = re.compile(
    r"(?i)(?:token|credentials?|secret|api[_.-]?key|(?:access|private|encryption|signing)[_.-]?key|secret[\w.-]{0,40}key)$"
)
_PLACEHOLDER = re.compile(
    r"(?i)(?:change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|this)|to-?do|tbd|none|null|nil|n/a|dummy|example|placeholder|"
    r"redacted|your[-_ ].*|insert[-_ ].*|(.)\1{2,}|<.*>|%.*%|\[.*\]|\$\w+|%\w|.*(?:\$[({]|\{\{).*)"
)
_SWITCH = re.compile(r"(?i)true|false|yes|no|on|off|0|1|enabled|disabled|required|optional")
# Where the value is to be found: a file, a URL, an entry of a secret store.
_REFERENCE = re.compile(
    r"(?:~|\.{1,2})?/.*|[A-Za-z][A-Za-z0-9+.-]*://.*|(?:file|arn|vault|ssm|secretsmanager|ref\+\w+):.*|ENC\[.*"
)
_NUMBER = re.compile(r"[0-9.]+[a-z]{0,2}")
_NAME_LIKE = re.compile(r"[A-Za-z]+|[a-z]+(?:[-._][a-z0-9]+)*")  # the name of a Secret, of one of its keys, of a method
_WITHOUT = frozenset({"Secret", "CustomResourceDefinition", "SealedSecret"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A literal credential in an object. `certain`: by its own form; else only the name of its variable says so."""

    path: str
    what: str
    certain: bool


def known_form(text: str) -> str:
    """The kind of credential whose form is in the text, "a private key"; "" if there is none."""
    if not _BEGINNING.search(text):
        return ""
    decoded = "\n".join(_decoded(word) for word in _BASE64_PEM.findall(text))
    return next((what for what, form in _KNOWN if form.search(text) or form.search(decoded)), "")


def credentials(body: Mapping[str, Any]) -> tuple[Credential, ...]:
    """The credentials in the object, in its order. Secrets have a policy of their own and none here; neither has what
    SOPS has encrypted."""
    if body.get("kind") in _WITHOUT or is_encrypted(body):
        return ()
    return tuple(_in_node(body, (), is_config_map=(body.get("apiVersion"), body.get("kind")) == ("v1", "ConfigMap")))


def _in_node(node: Any, path: tuple[str | int, ...], *, is_config_map: bool) -> Iterator[Credential]:
    if isinstance(node, str):
        what = known_form(node)
        if what:
            yield Credential(show(path), what, True)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _in_node(item, (*path, index), is_config_map=is_config_map)
    elif isinstance(node, dict):
        for key, value in node.items():
            here = (*path, key)
            found = _of_variable(node, key, value, here, is_config_map)
            if found:
                yield found
            else:
                yield from _in_node(value, here, is_config_map=is_config_map)


def _of_variable(
    node: Mapping[str, Any], key: Any, value: Any, path: tuple[str | int, ...], is_config_map: bool
) -> Credential | None:
    """The credential in the value of a variable: an item of `env`, or an entry of a ConfigMap, which `envFrom` reads."""
    if not isinstance(value, str) or not isinstance(key, str):
        return None
    if is_config_map and path[0] == "binaryData":
        what = known_form(_decoded(value))
        return Credential(show(path), what, True) if what else None
    is_env = key == "value" and "env" in path and isinstance(node.get("name"), str)
    if not is_env and not (is_config_map and len(path) == 2 and path[0] == "data" and "\n" not in value):
        return None
    name = str(node["name"]) if is_env else key
    what = known_form(value)
    if what:
        return Credential(show(path), what, True)
    userinfo = _USERINFO.search(value)
    if userinfo and not _PLACEHOLDER.fullmatch(userinfo[1]):
        return Credential(show(path), "a password in a URL", True)
    return Credential(show(path), f"a value of {name}", False) if _is_literal(name, value) else None


def _is_literal(name: str, value: str) -> bool:
    """Whether the variable is one for a credential by its name, and its value is not empty, a placeholder, a switch, or
    where the credential is to be found."""
    is_password = _PASSWORD.search(name) is not None
    if not value.strip() or len(value) > 4096 or not (is_password or _TOKEN.search(name)):
        return False
    if any(form.fullmatch(value) for form in (_PLACEHOLDER, _SWITCH, _REFERENCE)):
        return False
    return is_password or not (_NUMBER.fullmatch(value) or _NAME_LIKE.fullmatch(value))


def _decoded(text: str) -> str:
    """The text in base64, of which the padding may be missing; "" if it is none."""
    data = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
