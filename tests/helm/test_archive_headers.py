"""Headers of archives: whose name counts, what damages one, and what a file is that is no archive."""

from __future__ import annotations

import gzip
import tarfile

import pytest

from compiler.charts.archive import read_tgz
from compiler.diagnostics import CompileError
from tests.helm.test_archive import code_of, header, member, tgz

LONG = "app/" + "d" * 120


def padded(content: bytes) -> bytes:
    return content.ljust(-(-len(content) // 512) * 512, b"\0")


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """A tar with one header of PAX records before the member app/a."""
    before = header(b"PaxHeader", b"%011o" % len(records), kind) + padded(records)
    return gzip.compress(before + header() + padded(b"1") + b"\0" * 1024)


@pytest.mark.parametrize("name", [f"{LONG}=b", f"{LONG}=b=c", f"{LONG} b"])
def test_a_name_may_hold_the_signs_of_a_record(name: str) -> None:
    assert read_tgz(tgz(member(name, b"1")), "x") == {name: b"1"}


def test_records_beside_the_path_are_left_out() -> None:
    assert read_tgz(pax(b"14 path=app/b\n15 mtime=12345\n"), "x") == {"app/b": b"1"}
    assert read_tgz(pax(b"15 mtime=12345\n14 path=app/b\n"), "x") == {"app/b": b"1"}
    assert read_tgz(pax(b"15 mtime=12345\n"), "x") == {"app/a": b"1"}


def test_a_global_header_names_no_member() -> None:
    assert read_tgz(pax(b"14 path=app/b\n", tarfile.XGLTYPE), "x") == {"app/a": b"1"}


def test_a_name_outlasts_the_headers_between_it_and_its_member() -> None:
    link = header(b"././@LongLink", b"%011o" % 2, b"K") + padded(b"x\0")
    long_name = header(b"././@LongLink", b"%011o" % 6, b"L") + padded(b"app/b\0")
    data = gzip.compress(long_name + link + header() + padded(b"1") + b"\0" * 1024)
    assert read_tgz(data, "x") == {"app/b": b"1"}


@pytest.mark.parametrize(
    "records",
    [b"15 path=app/b\n", b"99 path=app/b\n", b"13 path=app/b\n", b"14 path=app/bb", b"x path=app/b\n", b"path=app/b\n"],
)
def test_a_record_whose_length_is_wrong_is_refused(records: bytes) -> None:
    assert code_of(pax(records)) == "archive-damaged"


def test_a_checksum_that_is_wrong_is_refused() -> None:
    whole = bytearray(header() + padded(b"1") + header(b"app/b") + padded(b"2") + b"\0" * 1024)
    whole[1024] ^= 1
    assert code_of(gzip.compress(bytes(whole))) == "archive-damaged"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty file"),
        (b" \n", "an empty file"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
        (header() + padded(b"1"), "a tar that is not compressed"),
        (b"PK\x03\x04\x14\x00", "a zip archive"),
        (b"apiVersion: v2\n\tname: app\r\n", "text"),
        (b"\x00\x01\x02", "something else"),
        (b"text\x00", "something else"),
    ],
)
def test_what_is_no_archive_is_named(data: bytes, what: str) -> None:
    with pytest.raises(CompileError) as caught:
        read_tgz(data, "x")
    assert f"expected a gzipped tar, found {what}" in caught.value.diagnostics[0].message
