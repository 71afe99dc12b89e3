"""Values of an imported layer are the text of the export: comments and quotes stay in whatever form the text ends."""

from __future__ import annotations

from typing import Any

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError
from tests.palette.test_exchange import codes, document, entry, imported, profile, there_and_back

KEPT = '# why\nq: "x" # quoted\n'
TEXTS = {
    "a literal without its last newline": "c: |\n  a: b",
    "one that keeps newlines it does not have": "c: |+\n  a: b",
    "one that keeps those it has": "c: |+\n  a: b\n\n\n",
    "one whose text looks like another": "c: |\n  x |\n  y: |\n    z",
    "one with an indentation of its own": "c: |2\n    a\n  b",
    "one that keeps, and has that indentation": "c: |2+\n    a\n  b",
    "one with a comment in its header": "c: | # note\n  a: b",
    "one in a list": "c:\n  - 1\n  - |\n    a",
    "a folded one": "c: >\n  a\n  b",
    "a folded one with blank lines": "c: >\n  a\n\n  b\n\n",
    "a folded one and comments after it": "c: >-\n  a\n\n# tail\n",
    "comments after a literal": "c: |\n  a: b\n\n# tail\n\n# end",
    "blanks only in the last line": "c: |\n  a\n     \n\n",
    "an empty one": "c: |",
    "the end of the document": "c: |\n  a\n...\n",
    "the beginning of another document, which is empty": "c: |\n  a\n---\n",
    "line ends of Windows": "c: |\r\n  a",
}


@pytest.mark.parametrize("last", TEXTS.values(), ids=TEXTS)
def test_comments_stay_however_the_text_ends(last: str) -> None:
    given = KEPT + last
    found = imported(profile(entry(values=given)))
    text = found.files["profiles/shop/1.2.0.yaml"]
    assert '        # why\n        q: "x" # quoted\n' in text
    assert [comment for comment in ("# tail", "# end", "# note") if comment in given and comment not in text] == []
    assert document(found)["spec"]["layers"][0]["values"] == meaning(given)
    back = there_and_back(profile(entry(values=given)))["spec"]["template"]["packs"][0]["values"]
    assert "# why\n" in back
    assert meaning(back) == meaning(given)
    assert codes(found) == ["import-provide"]


def meaning(text: str) -> Any:
    return yamldoc.load_one(text, "v").value


def test_charts_keep_theirs_too() -> None:
    given = 'pack:\n  namespace: web\ncharts:\n  web:\n    # why\n    q: "x"\n    c: |+\n      a: b\n\n'
    found = imported(profile(entry(kind="helm", values=given)))
    assert (
        '      values:\n        # why\n        q: "x"\n        c: |+\n          a: b\n'
        in found.files["profiles/shop/1.2.0.yaml"]
    )
    assert document(found)["spec"]["layers"][0]["values"] == {"q": "x", "c": "a: b\n\n"}
    back = there_and_back(profile(entry(kind="helm", values=given)))["spec"]["template"]["packs"][0]["values"]
    assert meaning(back) == meaning(given)
    assert "    # why\n" in back


def test_marks_of_a_document_are_left_behind_and_the_comments_before_them_are_not() -> None:
    found = imported(profile(entry(values="%YAML 1.2\n# licence\n---  # why\na: 1\n")))
    assert "        # licence\n        # why\n        a: 1\n" in found.files["profiles/shop/1.2.0.yaml"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("# c\na: 1\nb: 2 # x\na: 3\n", "# c\nb: 2 # x\na: 3\n"),
        ("# c\na: 1\na: 2\n# d\na: 3 # last\n", "# c\n# d\na: 3 # last\n"),
        ("# c\nx:\n  a: 1\n  b: 2 # x\n  a: 3\ny: |\n  t", "# c\nx:\n  b: 2 # x\n  a: 3\ny: |-\n  t\n"),
        ("# c\na:\n- 1\n- {x: 1}\n\n# about b\nb: 2\na: [3]\n", "# c\n\n# about b\nb: 2\na: [3]\n"),
        ("# c\na: |\n  x\n\n  y\nb: 2\na: 3\n", "# c\nb: 2\na: 3\n"),
        ("# c\na:\n  b: 1\n  b: 2\na:\n  b: 3 # last\n", "# c\na:\n  b: 3 # last\n"),
    ],
)
def test_of_a_key_that_is_there_twice_the_last_stays_with_all_comments(given: str, expected: str) -> None:
    found = imported(profile(entry(values=given)))
    text = found.files["profiles/shop/1.2.0.yaml"]
    values = text[text.index("      values:\n") :].removeprefix("      values:\n")
    assert "".join(line.removeprefix("        ") for line in values.splitlines(keepends=True)) == expected
    assert set(codes(found)) == {"yaml-duplicate-key", "import-provide"}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("oci", "# lost\na: {b: 1, b: 2}\n"),
        ("oci", "# lost\na:\n  - b: 1\n    b: 2\n"),
        ("helm", "charts: {web: {a: 1}} # lost\n"),
    ],
)
def test_where_comments_are_lost_the_import_says_so(kind: str, given: str) -> None:
    found = imported(profile(entry(kind=kind, values=given)))
    assert "lost" not in found.files["profiles/shop/1.2.0.yaml"]
    told = [(str(note.code), note.message) for note in found.notes if "anew" in note.message]
    assert told == [("import-rewritten", "layer 'web': the values are written anew, without their comments")]


def test_several_documents_are_refused_where_the_second_begins() -> None:
    with pytest.raises(CompileError) as caught:
        imported(profile(entry(values="a: 1\n---\nb: 2\n")))
    assert [d.message for d in caught.value.diagnostics] == ["expected one document, found 2"]
