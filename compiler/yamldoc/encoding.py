"""A file's bytes to text that a YAML parser accepts: UTF-8, no byte order mark, no forbidden characters."""

from __future__ import annotations

import re

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail
from compiler.yamldoc.limits import MAX_TAG_DIRECTIVES

_FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TAG_DIRECTIVE = re.compile(r"^%TAG\b", re.MULTILINE)
_LINE_BOM = re.compile("^\ufeff", re.MULTILINE)


def decode(text: bytes | str, path: str, first_line: int, max_bytes: int) -> str:
    """The text without its byte order mark. Raises `yaml-too-large`, `yaml-encoding` or `yaml-tag`."""
    size = len(text)
    if isinstance(text, bytes):
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError as error:
            before = text[: error.start]
            at = Position(path, first_line + before.count(b"\n"), error.start - before.rfind(b"\n"))
            wide = text[:2] in (b"\xff\xfe", b"\xfe\xff")
            message = "expected UTF-8, found UTF-16"
            if not wide:
                message = f"byte {text[error.start]:#04x} at offset {error.start} is not UTF-8"
            raise fail(Code.YAML_ENCODING, message, at, hint="save the file as UTF-8") from None
    else:
        decoded = text
        if not text.isascii() and size <= max_bytes:
            size = len(text.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise fail(Code.YAML_TOO_LARGE, f"expected at most {max_bytes:,} bytes of YAML, found {size:,}", Position(path))
    if "\ufeff" in decoded:  # at the start, or where files with one were concatenated
        decoded = _LINE_BOM.sub("", decoded)
    if "\0" in decoded or "\ufeff" in decoded:
        raise forbidden(decoded, path, first_line)
    if decoded.count("%TAG") > MAX_TAG_DIRECTIVES and len(_TAG_DIRECTIVE.findall(decoded)) > MAX_TAG_DIRECTIVES:
        raise fail(Code.YAML_TAG, f"more than {MAX_TAG_DIRECTIVES} %TAG directives", Position(path, first_line))
    return decoded


def forbidden(text: str, path: str, first_line: int) -> CompileError:
    match = _FORBIDDEN.search(text)
    start = match.start() if match else 0
    character = ord(text[start]) if text else 0
    at = Position(path, first_line + text.count("\n", 0, start), start - text.rfind("\n", 0, start))
    return fail(
        Code.YAML_ENCODING,
        f"character U+{character:04X} is not allowed in YAML",
        at,
        hint="save the file as UTF-8" if not character else "write it as an escape in double quotes",
    )
