"""Templates of a pack: which are rendered, and by which names they find one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import CompileError
from compiler.host.disk import DirectoryFiles
from compiler.load.pack import read_pack
from compiler.render.jinja import render_templates


def test_templates_include_one_another_by_their_name_in_templates() -> None:
    """Also where all are in one folder below it: a name does not depend on what other templates there are."""
    templates = {"packs/p/templates/sub/a.j2": "{% include 'sub/_b.j2' %}", "packs/p/templates/sub/_b.j2": "x: 1\n"}
    found = render_templates(templates, {}, names=["packs/p/templates/sub/a.j2"])
    assert found == {"packs/p/templates/sub/a.j2": "x: 1\n"}


def test_an_error_in_an_included_template_is_told_at_its_own_place() -> None:
    templates = {"p/templates/a.j2": "a: 1\n{% include '_b.j2' %}", "p/templates/_b.j2": "b: 1\nc: {{ values.nope }}\n"}
    with pytest.raises(CompileError) as caught:
        render_templates(templates, {"values": {}}, names=["p/templates/a.j2"])
    assert [(d.code, str(d.at)) for d in caught.value.diagnostics] == [("jinja-undefined", "p/templates/_b.j2:2")]


def test_a_template_outside_of_templates_is_refused(tmp_path: Path) -> None:
    """It could not be included by any name, and the pack's other folders hold files of other formats."""
    pack = tmp_path / "packs/p"
    (pack / "other").mkdir(parents=True)
    (pack / "other/x.j2").write_text("a: 1\n")
    (pack / "pack.yaml").write_text("name: p\nversion: 1.0.0\nlayer: addon\ntemplates: [other/x.j2]\n")
    found = read_pack(DirectoryFiles(tmp_path), "packs/p")
    assert [(d.code, d.message) for d in found.defects] == [
        ("pack-file-outside", "templates: 'packs/p/other/x.j2' is outside the pack's templates/ folder")
    ]
    assert found.templates == ()
