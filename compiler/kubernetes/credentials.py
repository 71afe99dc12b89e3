"""Credentials in clear: the forms that nothing else has, and where objects other than Secrets have literals of them.

Found by structure, never by how random a text looks.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes.keypath import show
from compiler.kubernetes.secret import LAST_APPLIED, last_applied
from compiler.kubernetes.sops import is_ciphertext, is_encrypted
from compiler.mask import MASK

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
    # The head is short: else each `eyJ` of a text without dots would look through the rest of it.
    ("a signed web token", re.compile(r"\beyJ[\w-]{10,2048}+\.eyJ[\w-]{10,}\.[\w-]{10,}")),
)
# The same with what may come after what gives them away.
_WHOLE = tuple(
    re.compile(rf"(?:{form.pattern})" + (r"(?:[\w+/=\s]|\\[nr])*" if what == "a private key" else r"[\w.+/=-]*"))
    for what, form in _KNOWN
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
    r"redacted|your[-_ ].*|insert[-_ ].*|(.)\1{2,}|<.*>|%.*%|\[.*\]|\$\w+|%\w|(?s:.*)(?:\$[({]|\{\{)(?s:.*))"
)
_SWITCH = re.compile(r"(?i)true|false|yes|no|on|off|0|1|enabled|disabled|required|optional")
# Where the value is to be found: a file, a URL, an entry of a secret store.
_REFERENCE = re.compile(
    r"(?:~|\.{1,2})?/.*|[A-Za-z][A-Za-z0-9+.-]*://.*|(?:file|arn|vault|ssm|secretsmanager|ref\+\w+):.*"
)
_NUMBER = re.compile(r"[0-9.]+[a-z]{0,2}")
_NAME_LIKE = re.compile(r"[A-Za-z]+|[a-z]+(?:[-._][a-z0-9]+)*")  # the name of a Secret, of one of its keys, of a method
# Of values in general, whose names and texts are those of anything.
_KEY = re.compile(
    r"(?:password|passwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)$", re.IGNORECASE
)
_LITERAL = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*-]{10,}")
_SPOKEN = re.compile(r"[a-z]+(?:[-./_][a-z0-9]+)+|[a-z]+|[A-Z]+(?:_[A-Z0-9]+)+|/.*|https?:.*")
_MIN_BITS = 3.0  # of entropy per character; English words have less at that length
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


def may_hold_one(text: str) -> bool:
    """False: no credential of a known form is in the text."""
    return _BEGINNING.search(text) is not None


def redacted(text: str) -> str:
    """The text with MASK for credentials of a known form and for passwords in URLs."""
    if "://" in text:
        text = _USERINFO.sub(_without_password, text)
    if _BEGINNING.search(text):
        for form in (*_WHOLE, _BASE64_PEM):
            text = form.sub(MASK, text)
    return text


def _without_password(url: re.Match[str]) -> str:
    if _PLACEHOLDER.fullmatch(url[1]):
        return url[0]
    start, end = (place - url.start() for place in url.span(1))
    return f"{url[0][:start]}{MASK}{url[0][end:]}"


def looks_like_one(key: str, text: str) -> bool:
    """Whether the name of a value is one for a credential, and the text is one that nobody would write by hand."""
    return _KEY.search(key) is not None and _looks_random(text)


def _looks_random(text: str) -> bool:
    if not _LITERAL.fullmatch(text) or _SPOKEN.fullmatch(text) or not re.search(r"[0-9]", text):
        return False
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) >= _MIN_BITS


def credentials(body: Mapping[str, Any]) -> tuple[Credential, ...]:
    """The credentials in the object, in its order. Secrets have a policy of their own and none here; what SOPS has not
    encrypted of an object counts."""
    if body.get("kind") in _WITHOUT:
        return ()
    if is_encrypted(body):
        body = {key: value for key, value in body.items() if key != "sops"}
    found = list(_in_object(body))
    applied = last_applied(body)
    if isinstance(applied, dict):
        place = show(("metadata", "annotations", LAST_APPLIED))
        known = {(each.path, each.what) for each in found}
        found += [
            Credential(place, f"{each.what} at {each.path}", each.certain)
            for each in _in_object({key: value for key, value in applied.items() if key != "sops"})
            if (each.path, each.what) not in known
        ]
    return tuple(found)


def _in_object(body: Mapping[str, Any]) -> Iterator[Credential]:
    return _in_node(body, (), is_config_map=(body.get("apiVersion"), body.get("kind")) == ("v1", "ConfigMap"))


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
    if is_ciphertext(value) or any(form.fullmatch(value) for form in (_PLACEHOLDER, _SWITCH, _REFERENCE)):
        return False
    return is_password or not (_NUMBER.fullmatch(value) or _NAME_LIKE.fullmatch(value))


def _decoded(text: str) -> str:
    """The text in base64, of which the padding may be missing; "" if it is none."""
    data = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
