"""Tar archives under gzip, read into memory and never onto disk: charts and packs come from strangers.

The tar format is read here rather than by `tarfile`, whose handling of damaged headers differs between Python
versions and has caused advisories (CVE-2025-8194 loops for ever on a negative size, CVE-2024-6232 backtracks in a PAX
header, truncated headers end the archive silently). Only regular files are accepted.
"""

from __future__ import annotations

import io
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail

_BLOCK = 512
_GZIP_MAGIC = b"\x1f\x8b"
# A name, in a PAX record or as GNU long name, has at most 1,024 bytes; 64 KiB leaves room for other PAX records.
_METADATA_BYTES = 64 * 1024
_REGULAR, _DIRECTORY = b"0\0" + b"7", b"5"
_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK = b"x", b"g", b"L", b"K"
_WHAT = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"S": "sparse",
}
# Source: Microsoft, "Naming Files, Paths, and Namespaces": reserved with and without an extension.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an archive. Sizes in bytes; `members` counts every header, so empty members are bounded too."""

    total: int = 100 * 1024 * 1024
    member: int = 20 * 1024 * 1024
    members: int = 10_000
    path: int = 1024
    component: int = 200


LIMITS = Limits()


def read_tgz(data: bytes, name: str, limits: Limits = LIMITS) -> dict[str, bytes]:
    """{member's path: content} of a gzipped tar, sorted by path; without directories, and without a leading `./`.

    `name` is the archive's path, for messages. Raises CompileError with one of these codes at `name`:
    archive-not-gzip, archive-not-tar, archive-truncated, archive-damaged, archive-too-large, archive-trailing-data,
    archive-member-type (not a regular file), archive-member-name (unsafe on some system), archive-duplicate.
    """
    contents: dict[str, bytes] = {}
    same: dict[str, str] = {}  # path on a case-insensitive, normalising file system -> as written
    for path, content in _members(_gunzip(data, name, limits), name, limits):
        key = unicodedata.normalize("NFC", path).casefold()
        if key in same:
            raise fail(
                Code.ARCHIVE_DUPLICATE,
                f"members '{same[key]}' and '{path}' are the same file",
                Position(name),
            )
        same[key] = path
        contents[path] = content
    for key, path in same.items():
        parent = next((same[up] for up in _parents(key) if up in same), None)
        if parent:
            raise fail(
                Code.ARCHIVE_DUPLICATE, f"member '{parent}' is a file and the folder of '{path}'", Position(name)
            )
    return dict(sorted(contents.items()))


def write_tgz(files: Mapping[str, bytes], root: str, level: int = 9) -> bytes:
    """A gzipped tar of `files` under the folder `root` ("" = none): sorted, without times, owners or modes.

    The same files give the same bytes; across zlib builds only `level=0` (stored) promises that.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            member = tarfile.TarInfo(f"{root}/{path}" if root else path)
            member.size, member.mode = len(files[path]), 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    body = stream.getvalue()
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    trailer = zlib.crc32(body).to_bytes(4, "little") + (len(body) & 0xFFFFFFFF).to_bytes(4, "little")
    # RFC 1952: no flags, no time, operating system unknown (`gzip -n` would write the system).
    return _GZIP_MAGIC + b"\x08\0\0\0\0\0\0\xff" + deflate.compress(body) + deflate.flush() + trailer


def _gunzip(data: bytes, name: str, limits: Limits) -> bytes:
    if data[:2] != _GZIP_MAGIC:
        raise fail(Code.ARCHIVE_NOT_GZIP, f"expected a gzipped tar, found {_looks_like(data)}", Position(name))
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    most = limits.total + limits.members * 4 * _BLOCK  # per member: a header, a PAX header, its records, padding
    try:
        body = inflate.decompress(data, most + 1)
    except zlib.error as error:
        raise fail(Code.ARCHIVE_DAMAGED, f"gzip: {error}", Position(name)) from None
    if len(body) > most:
        raise _too_large(name, limits)
    if not inflate.eof:
        raise fail(
            Code.ARCHIVE_TRUNCATED,
            "the archive ends before its gzip stream does",
            Position(name),
            hint="fetch it again",
        )
    if inflate.unused_data:
        raise fail(Code.ARCHIVE_TRAILING_DATA, "data after the end of the gzip stream", Position(name))
    return body


def _looks_like(data: bytes) -> str:
    head = data[:512].lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer"
    if data[257:262] == b"ustar":
        return "a tar that is not compressed"
    if head.startswith(b"pk"):
        return "a zip archive"
    return "text" if all(byte >= 0x20 or byte in b"\t\n\r" for byte in head) else "something else"


def _members(tar: bytes, name: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the regular files, in order. Each iteration advances by at least a block."""
    offset, headers, total = 0, 0, 0
    long_name = ""
    while offset < len(tar) and any(tar[offset : offset + _BLOCK]):
        header, start = tar[offset : offset + _BLOCK], offset + _BLOCK
        kind, written, size, mode = _header(header, name, first=offset == 0)
        headers += 1
        total += size
        if headers > limits.members or total > limits.total:
            raise _too_large(name, limits)
        metadata = kind in (_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK)
        if size > (_METADATA_BYTES if metadata else limits.member):
            raise _too_large(name, limits, _text(written, name))
        content = tar[start : start + size]
        offset = start + -(-size // _BLOCK) * _BLOCK
        if len(content) < size:
            raise fail(Code.ARCHIVE_TRUNCATED, "the tar ends inside a member", Position(name), hint="fetch it again")
        if metadata:
            long_name = _metadata_name(kind, content, name) or long_name
            continue
        path, long_name = long_name or _text(written, name), ""
        if kind == _DIRECTORY or path.endswith("/"):
            continue
        if kind not in _REGULAR or mode & 0o6000:
            what = _WHAT.get(kind, "setuid" if kind in _REGULAR else f"of type {kind!r}")
            raise fail(Code.ARCHIVE_MEMBER_TYPE, f"member {path!r} is {what}, expected a regular file", Position(name))
        yield _safe(path, name, limits), content


def _header(header: bytes, name: str, *, first: bool) -> tuple[bytes, bytes, int, int]:
    """(type, name as written, size, mode). Source: POSIX.1-2017 pax, "ustar Interchange Format"."""
    if len(header) < _BLOCK:
        code = Code.ARCHIVE_NOT_TAR if first else Code.ARCHIVE_TRUNCATED
        raise fail(code, "expected a tar header, found the end of the archive", Position(name))
    checksum = sum(header[:148]) + 8 * 0x20 + sum(header[156:])
    if _number(header[148:156], name, first=first) != checksum:
        raise _bad_header(name, first=first)
    written = header[:100].split(b"\0")[0]
    if header[257:263] == b"ustar\0" and header[345]:  # GNU's magic is "ustar ", with times in this place
        written = header[345:500].split(b"\0")[0] + b"/" + written
    size = _number(header[124:136], name, first=False)
    if size < 0:
        raise _bad_header(name, first=False)
    return header[156:157], written, size, _number(header[100:108], name, first=False)


def _number(field: bytes, name: str, *, first: bool) -> int:
    """Octal text, or GNU's base 256 for larger numbers, which may be negative."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F | (field[0] & 0x40) << 1]) + field[1:], "big", signed=True)
    text = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", text):
        raise _bad_header(name, first=first)
    return int(text or b"0", 8)


def _metadata_name(kind: bytes, content: bytes, name: str) -> str:
    """The path that a PAX or GNU header gives to the next member, or ""; its links and times are ignored."""
    if kind == _GNU_NAME:
        return _text(content.rstrip(b"\0"), name)
    path = b""
    while content and kind == _PAX:
        length = re.match(rb"([1-9][0-9]{0,7}) ", content)
        record = content[: int(length[1])] if length else b""
        if not length or not record.endswith(b"\n") or len(record) != int(length[1]):
            raise fail(Code.ARCHIVE_DAMAGED, "a PAX header is damaged", Position(name))
        keyword, _, value = record[length.end() : -1].partition(b"=")
        if keyword == b"size" or keyword.startswith(b"GNU.sparse"):
            raise fail(Code.ARCHIVE_MEMBER_TYPE, f"a PAX header sets {keyword.decode()}", Position(name))
        path = value if keyword == b"path" else path
        content = content[len(record) :]
    return _text(path, name)


def _text(written: bytes, name: str) -> str:
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        raise fail(Code.ARCHIVE_MEMBER_NAME, f"the member's name {written!r} is not UTF-8", Position(name)) from None


def _safe(path: str, name: str, limits: Limits) -> str:
    """The member's path without a leading `./`. Raises CompileError unless it is one file below the root on every system."""
    bare = path
    while bare.startswith("./"):
        bare = bare[2:]
    reason = _unsafe(bare, limits)
    if reason:
        raise fail(Code.ARCHIVE_MEMBER_NAME, f"the member's name {path[:200]!r} {reason}", Position(name))
    return bare


def _unsafe(path: str, limits: Limits) -> str:
    parts = path.split("/")
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute"
    if ".." in parts:
        return "leads out of the archive"
    if "\\" in path:
        return "contains a backslash"
    if not path.isprintable():
        return "contains unprintable characters"
    if any(part in ("", ".") for part in parts):
        return "contains empty parts"
    if any(part[-1] in ". " or _RESERVED.fullmatch(part) or _DRIVE.match(part) for part in parts):
        return "is not a file name on Windows"
    if len(path.encode()) > limits.path or any(len(part.encode()) > limits.component for part in parts):
        return f"is longer than {limits.path} bytes, or a part of it longer than {limits.component}"
    return ""


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _bad_header(name: str, *, first: bool) -> CompileError:
    if first:
        return fail(Code.ARCHIVE_NOT_TAR, "expected a gzipped tar, found gzip of something else", Position(name))
    return fail(Code.ARCHIVE_DAMAGED, "a tar header is damaged", Position(name), hint="fetch it again")


def _too_large(name: str, limits: Limits, member: str = "") -> CompileError:
    what = f"member {member!r} is" if member else "the archive is"
    most = f"at most {limits.total} bytes, {limits.member} a member, {limits.members} members"
    return fail(Code.ARCHIVE_TOO_LARGE, f"{what} larger than allowed ({most})", Position(name))
