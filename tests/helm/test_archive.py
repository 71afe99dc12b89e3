"""Archives from strangers: read into memory, or refused with a code, never in endless time."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.charts.archive import LIMITS, Limits, read_tgz, write_tgz
from compiler.diagnostics import CompileError

TINY = Limits(total=4096, member=1024, members=8, path=64, component=32)


def tgz(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=form) as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def member(
    name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, **more: object
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def code_of(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(CompileError) as caught:
        read_tgz(data, "charts/x.tgz", limits)
    (problem,) = caught.value.diagnostics
    assert str(problem.at) == "charts/x.tgz"
    return problem.code


def header(name: bytes = b"app/a", size: bytes = b"00000000001", kind: bytes = b"0") -> bytes:
    """One tar header with a right checksum."""
    block = bytearray(
        name.ljust(100, b"\0")
        + b"0000644\0"
        + b"0000000\0" * 2
        + size.ljust(12, b"\0")
        + b"00000000000\0"
        + b" " * 8
        + kind
    )
    block += b"\0" * 100 + b"ustar\x0000"
    block += b"\0" * (512 - len(block))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


# --- what is read -----------------------------------------------------------------------------------------------------


def test_files_are_read_sorted_and_folders_and_global_headers_are_left_out() -> None:
    data = tgz(
        member("", b"52 comment=" + b"0" * 40 + b"\n", kind=tarfile.XGLTYPE),
        member("app/", kind=tarfile.DIRTYPE),
        member("app/z", b"z"),
        member("app/a/b", b"b"),
    )
    assert read_tgz(data, "x") == {"app/a/b": b"b", "app/z": b"z"}
    assert list(read_tgz(data, "x")) == ["app/a/b", "app/z"]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_longer_than_a_tar_header_and_not_ascii_are_read(form: int) -> None:
    name = "app/" + "/".join(["тест" * 10] * 8)
    assert read_tgz(tgz(member(name, b"1"), member("app/b", b"2"), form=form), "x") == {name: b"1", "app/b": b"2"}


def test_a_ustar_name_is_put_together_of_prefix_and_name() -> None:
    name = "app/" + "d" * 90 + "/" + "f" * 60
    assert read_tgz(tgz(member(name, b"1"), form=tarfile.USTAR_FORMAT), "x") == {name: b"1"}


def test_a_leading_dot_component_is_dropped() -> None:
    assert read_tgz(tgz(member("./Chart.yaml", b"1"), member("././a/b", b"2")), "x") == {
        "Chart.yaml": b"1",
        "a/b": b"2",
    }


def test_corpus_archives_read_as_tarfile_reads_them(corpus: Path) -> None:
    archives = sorted(corpus.rglob("*.tgz"))
    assert len(archives) > 60
    for archive in archives:
        with tarfile.open(archive) as tar:
            expected = {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar if m.isreg()}  # type: ignore[union-attr]
        assert read_tgz(archive.read_bytes(), archive.name) == expected


# --- what is refused --------------------------------------------------------------------------------------------------

UNSAFE_NAMES = [
    # helm's pkg/chart/v2/loader/load_test.go, TestLoadInvalidArchive, whose `./.` and friends are folders elsewhere
    "../../x", "/foo/../../x", "./.", "/./.", "/leading", "//foo", "\\\\foo", "\\..\\..\\foo", "\\.\\c:\\foo", "/./c://foo",
    "\\\\?\\Some", "app/..", "app/../x", "..", "app//a", "app/./a", "C:/x", "app/c:/x", "c:x",
    # what tarfile takes in silence (T8)
    "a\nb", "a\tb", "a\x1b[2Jb", "a\u202eb", "a\u200bb", "..\\..\\evil", "CON.yaml", "app/aux", "app/lpt1.txt",
    "a. ", "a.", "a ",
    "x" * 201, "/".join(["y" * 100] * 11),
]  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE_NAMES)
def test_an_unsafe_name_is_refused(name: str) -> None:
    assert code_of(tgz(member("app/ok", b"1"), member(name, b"2"))) == "archive-member-name"


def test_a_name_that_is_not_utf8_is_refused() -> None:
    assert (
        code_of(gzip.compress(header(b"app/\xff\xfe") + b"1".ljust(512, b"\0") + b"\0" * 1024)) == "archive-member-name"
    )


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.GNUTYPE_SPARSE,
        b"Z",
    ],
)
def test_only_regular_files_may_be_members(kind: bytes) -> None:
    """CVE-2025-4517 and its kin, and those of oras, need a link."""
    assert code_of(tgz(member("app/link", kind=kind, linkname="../../../etc/passwd"))) == "archive-member-type"


def test_setuid_files_and_sparse_files_by_pax_are_refused() -> None:
    assert code_of(tgz(member("app/a", b"1", mode=0o4755))) == "archive-member-type"
    assert code_of(tgz(member("app/a", b"1", pax_headers={"GNU.sparse.major": "1"}))) == "archive-member-type"
    assert code_of(tgz(member("app/a", b"1", pax_headers={"size": "99"}))) == "archive-member-type"


@pytest.mark.parametrize(
    ("first", "second"),
    [("app/a", "app/a"), ("app/A", "app/a"), ("app/é", "app/e\u0301"), ("app/a", "app/a/b"), ("app/a/b", "app/A")],
)
def test_two_members_that_are_one_file_somewhere_are_refused(first: str, second: str) -> None:
    assert code_of(tgz(member(first, b"1"), member(second, b"2"))) == "archive-duplicate"


CORRUPT: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "archive-not-gzip"),
    "html": (b"<!DOCTYPE html><html>404</html>", "archive-not-gzip"),
    "yaml": (b"apiVersion: v2\n", "archive-not-gzip"),
    "tar": (gzip.decompress(tgz(member("app/a", b"1"))), "archive-not-gzip"),
    "gzip of yaml": (gzip.compress(b"apiVersion: v2\n" * 100), "archive-not-tar"),
    "gzip of a few bytes": (gzip.compress(b"x"), "archive-not-tar"),
    "gzip of gzip": (gzip.compress(tgz(member("app/a", b"1" * 2000))), "archive-not-tar"),
    "second gzip member": (tgz(member("app/a", b"1")) + gzip.compress(b"more"), "archive-trailing-data"),
    "wrong crc": (tgz(member("app/a", b"1"))[:-8] + b"\0" * 8, "archive-damaged"),
    "negative size, CVE-2025-8194": (gzip.compress(header(size=b"\xff" * 12) + b"\0" * 5120), "archive-damaged"),
    "minus in the size": (gzip.compress(header(size=b"-0000000001") + b"\0" * 5120), "archive-damaged"),
    "size beyond the archive": (gzip.compress(header(size=b"00000007777") + b"\0" * 512), "archive-truncated"),
    "size of exabytes": (gzip.compress(header(size=b"\x80\0\0\0" + b"\xff" * 8) + b"\0" * 512), "archive-too-large"),
    "wrong checksum later": (gzip.compress(header() + b"1".ljust(512, b"\0") + b"x" * 512), "archive-damaged"),
    "PAX record that lies": (
        gzip.compress(header(size=b"00000000010", kind=b"x") + b"99 path=".ljust(512, b"\0")), "archive-damaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", CORRUPT)
def test_a_damaged_archive_is_refused(label: str) -> None:
    data, code = CORRUPT[label]
    assert code_of(data) == code


def test_the_message_says_what_was_found_instead_of_an_archive() -> None:
    with pytest.raises(CompileError, match="expected a gzipped tar, found an HTML page"):
        read_tgz(b"\n <html><body>Not found</body>", "x")


@pytest.mark.parametrize("cut", range(1, 20))
def test_an_archive_cut_anywhere_is_refused(cut: int) -> None:
    whole = tgz(*(member(f"app/{n}", bytes([n, 255 - n]) * 300 * n) for n in range(1, 9)))
    assert code_of(whole[: len(whole) * cut // 20]) in ("archive-truncated", "archive-not-gzip")


def test_a_tar_that_was_cut_before_it_was_compressed_is_refused() -> None:
    tar = gzip.decompress(tgz(member("app/a", b"1" * 512), member("app/b", b"2" * 700)))
    assert code_of(gzip.compress(tar[:100])) == "archive-not-tar"
    assert code_of(gzip.compress(tar[:700])) == "archive-truncated"  # in the first content
    assert code_of(gzip.compress(tar[:1200])) == "archive-truncated"  # in the second header
    assert code_of(gzip.compress(tar[: 1536 + 699])) == "archive-truncated"  # one byte short


@pytest.mark.parametrize(
    ("make", "at_limit", "beyond"),
    [
        (lambda n: tgz(member("a", b"x" * n)), 1024, 1025),
        (lambda n: tgz(*(member(str(i), b"x") for i in range(n))), 8, 9),
        (lambda n: tgz(member("d" * n, b"")), 32, 33),
        (lambda n: tgz(member("/".join(["d"] * n), b"")), 32, 33),
        (lambda n: tgz(*(member(str(i), b"x" * 1024) for i in range(n))), 4, 5),
    ],
    ids=["member", "members", "component", "path", "total"],
)
def test_every_limit_holds_exactly(make: Callable[[int], bytes], at_limit: int, beyond: int) -> None:
    assert read_tgz(make(at_limit), "x", TINY)
    assert code_of(make(beyond), TINY) in ("archive-too-large", "archive-member-name")


BOMBS: dict[str, Callable[[], bytes]] = {
    "200 MB of zeros": lambda: tgz(member("app/a", b"\0" * 200_000_000)),
    "200 MB of zeros after the end": lambda: _deflated(b"\0" * 200_000_000),
    "a gigabyte by its header": lambda: gzip.compress(header(size=b"07777777777")),
    "many empty members": lambda: _deflated(b"".join(header(b"a%d" % n, b"0" * 11) for n in range(20_000))),
    "a PAX header of 100 MB": lambda: _deflated(header(size=b"00600000000", kind=b"x") + b"\0" * 100_000_000),
    "GNU names in a row": lambda: _deflated((header(kind=b"L") + b"a".ljust(512, b"\0")) * 50_000),
}  # fmt: skip


def _deflated(data: bytes) -> bytes:
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    return pack.compress(data) + pack.flush()


@pytest.mark.parametrize("label", BOMBS)
def test_a_bomb_is_refused(label: str) -> None:
    assert code_of(BOMBS[label]()) in ("archive-too-large", "archive-not-tar")


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    bomb = _deflated(b"\0" * 50_000_000)
    tracemalloc.start()
    assert code_of(bomb, TINY) == "archive-too-large"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@settings(max_examples=150, deadline=1000)
@given(st.data())
def test_changed_bytes_never_raise_anything_but_a_diagnostic(data: st.DataObject) -> None:
    tar = bytearray(gzip.decompress(tgz(member("app/" + "n" * 120, b"1" * 700), member("app/b", b"2"))))
    for _ in range(data.draw(st.integers(1, 6))):
        tar[data.draw(st.integers(0, len(tar) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_tgz(gzip.compress(bytes(tar), 1), "x", TINY)
    except CompileError as error:
        assert error.diagnostics[0].code.startswith("archive-")  # noqa: PT017 - both outcomes are right


# --- what is written --------------------------------------------------------------------------------------------------

NAMES = st.text(st.sampled_from("abcé-_."), min_size=1, max_size=150).filter(lambda n: n[-1] != "." and n != "aux")


@settings(max_examples=50)
@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=5), st.sampled_from([0, 9]))
def test_what_is_written_reads_back(files: dict[str, bytes], level: int) -> None:
    data = write_tgz(files, "app", level)
    expected = {f"app/{name}": content for name, content in sorted(files.items())}
    assert read_tgz(data, "x") == expected
    assert read_tgz(gzip.compress(gzip.decompress(data)), "x") == expected


def test_order_and_surroundings_do_not_show_in_what_is_written() -> None:
    one = write_tgz({"a": b"1", "b": b"2"}, "app")
    assert one == write_tgz({"b": b"2", "a": b"1"}, "app")
    assert one[4:10] == b"\0\0\0\0\0\xff"  # no time, unknown system
