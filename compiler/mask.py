"""The one mask of what people read: secrets in every form that quoting, escaping and encoding gives them."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from functools import lru_cache

MASK = "***"
"""What people read in the place of a secret."""

_SHORTEST = 3  # shorter lines of a longer secret would blot out everything
_ENCODED = 4  # and encodings of texts of less
_CUT = 8  # characters of a secret that give it away although the rest is cut off
_ENDS = ("…", "...", '"', "'", "`", ")", "\n")
# Go's escapes that JSON has not.
_GO = str.maketrans({"\a": r"\a", "\v": r"\v", "\x7f": r"\x7f"})


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with MASK in the place of each secret in it, in any form, and of what is left of one that was cut off."""
    chosen = frozenset(filter(None, secrets))
    if not chosen or not text:
        return text
    pattern, beginnings = _compiled(chosen)
    text = pattern.sub(MASK, text)
    for beginning in beginnings:
        if beginning[:_CUT] in text:
            text = _without_cut(text, beginning)
    return text


@lru_cache(maxsize=64)
def _compiled(secrets: frozenset[str]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Every form of the secrets, the longest first, since it may contain a shorter one; and the long ones' beginnings."""
    forms = {form for secret in secrets for form in _forms(secret)}
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    written = {line for secret in secrets for line in _lines(secret) if len(line) > _CUT}
    return re.compile("|".join(map(re.escape, ordered))), tuple(sorted(written))


def _without_cut(text: str, secret: str) -> str:
    """The text without a beginning of the secret that the text, a line or a quote ends in."""
    position = text.find(secret[:_CUT])
    while position >= 0:
        end = position + _CUT
        while end < len(text) and end - position < len(secret) and text[end] == secret[end - position]:
            end += 1
        if end == len(text) or text.startswith(_ENDS, end):
            text = f"{text[:position]}{MASK}{text[end:]}"
        position = text.find(secret[:_CUT], position + 1)
    return text


def _lines(text: str) -> Iterator[str]:
    yield text
    for line in text.splitlines():
        if len(line.strip()) >= _SHORTEST:
            yield line.strip()


def _forms(secret: str) -> Iterator[str]:
    for text in _lines(secret):
        yield text
        yield text.replace("'", "''")  # in single quotes of YAML
        yield repr(text)[1:-1]
        yield html.escape(text)
        yield html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")  # as Go does it
        for pure in (True, False):
            escaped = json.dumps(text, ensure_ascii=pure)[1:-1]
            yield escaped
            yield escaped.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")  # as Go does it
            yield json.dumps(escaped, ensure_ascii=pure)[1:-1]  # JSON as a string of JSON
        # Go's %q has JSON's escapes but for control characters.
        yield re.sub(r"[\x00-\x06\x0e-\x1f]", lambda c: f"\\x{ord(c[0]):02x}", _go_quoted(text))
        if len(text) >= _ENCODED:
            yield from _encoded(text.encode("utf-8", "surrogatepass"))


def _go_quoted(text: str) -> str:
    escapes = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\b": r"\b", "\f": r"\f"}
    return "".join(escapes.get(c, c) for c in text).translate(_GO)


def _encoded(data: bytes) -> Iterator[str]:
    yield data.hex()
    yield data.hex().upper()
    for safe in ("", "/"):
        quoted = urllib.parse.quote(data, safe=safe)
        yield from (quoted, quoted.replace("%20", "+"), re.sub("%..", lambda code: code[0].lower(), quoted))
    for raw in (data, data + b"\n", base64.b64encode(data)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield from (encode(raw).decode(), encode(raw).decode().rstrip("="))
    # As part of something longer, which is encoded as a whole: what is the same at each of three places to begin.
    for before in range(3):
        inner = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        middle = inner[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        if len(middle) >= 2 * _ENCODED:
            yield from (middle, middle.replace("+", "-").replace("/", "_"))
