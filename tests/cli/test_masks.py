"""No secret in anything that people read: the instances by which one came out, and their neighbours."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.mask import MASK, masked
from tests.cli.conftest import Lamella
from tests.support import textar

VALUE = "hunter2-S3cr3t/+x"
PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: p, version: 1.0.0}
spec:
  type: add-on
  variables: [{name: token, sensitive: true, regex: "^tok_[a-z]+$"}]
  layers:
    - {name: l, namespace: ns, manifests: [{name: m, inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}}"}]}
"""
CLUSTER = """\
apiVersion: lamella/v1
kind: Cluster
metadata: {name: c}
spec:
  kubernetesVersion: 1.33.4
  profiles: [{name: p, version: 1.0.0, variables: {token: VALUE}}]
"""
FREE = PROFILE.replace(', regex: "^tok_[a-z]+$"', "")
CHART = "    - {name: x, namespace: ns, chart: {path: ../chart}, values: {v: '{{ .spectro.var.token }}'}}\n"
PACK = """\
-- packs/k/pack.yaml --
name: k
version: 1.0.0
layer: addon
-- packs/k/schema.yaml --
db.password: {schema: '{{ required | format "${password:/^[a-z]+$/}" }}'}
-- packs/k/values.yaml --
db: {password: ""}
-- packs/k/templates/a.yaml.j2 --
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
"""
PACKED = FREE.replace(
    "    - {name: l,", "    - {name: k, namespace: ns, pack: {name: k, version: 1.0.0}, VALUES}\n    - {name: l,"
)


def chart(template: str) -> str:
    return f"""\
-- chart/Chart.yaml --
apiVersion: v2
name: x
version: 1.0.0
-- chart/templates/a.yaml --
{template}
-- profiles/p.yaml --
{FREE}{CHART}---
{CLUSTER}"""


def profile(text: str, cluster: str = CLUSTER) -> str:
    return f"-- profiles/p.yaml --\n{text}---\n{cluster}"


def values(text: str) -> str:
    return PACK + profile(PACKED.replace("VALUES", f"values: {text}"))


CASES: Mapping[str, str] = {
    "value that does not fit": profile(PROFILE),
    "default that does not fit": profile(PROFILE.replace("sensitive: true", "sensitive: true, default: VALUE")),
    "default in Palette's words": profile(PROFILE.replace("sensitive: true", "isSensitive: true, defaultValue: VALUE")),
    "option": profile(
        FREE.replace("true}", "true, format: number, options: [{value: VALUE, label: a, default: true}]}")
    ),
    "name of the variable misspelt": profile(FREE, CLUSTER.replace("token:", "tokn:")),
    "another name": profile(FREE, CLUSTER.replace("token:", "other_name:")),
    "mark misspelt": profile(FREE.replace("sensitive: true", "senstive: true, default: VALUE")),
    "mark not a boolean": profile(FREE.replace("sensitive: true", "sensitive: 'yes', default: VALUE")),
    "value in a list": profile(FREE, CLUSTER.replace("VALUE", "[VALUE]")),
    "value in a map": profile(FREE, CLUSTER.replace("VALUE", "{a: {b: VALUE}}")),
    "variables as a list": profile(FREE, CLUSTER.replace("{token: VALUE}", "[{name: token, value: VALUE}]")),
    "variables at the wrong place": profile(FREE, CLUSTER + "  variables: {token: VALUE}\n"),
    "file that is not YAML": f"-- profiles/p.yaml --\n{FREE}-- profiles/c.yaml --\n"
    + CLUSTER.replace("VALUE", "VALUE: x"),
    "quotes that do not end": f"-- profiles/p.yaml --\n{FREE}-- profiles/c.yaml --\n"
    + CLUSTER.replace("VALUE", '"VALUE'),
    "password that does not fit": values("{db: {password: VALUE}}"),
    "password as a list": values("{db: {password: [VALUE]}}"),
    "password with a macro": values("{db: {password: 'VALUE{{ .spectro.var.nope }}'}}"),
    "name of the password misspelt": values("{db: {pasword: VALUE, password: [x]}}"),
    "chart that fails with it": chart('{{ fail (printf "no: %s" .Values.v) }}'),
    "chart that fails with it quoted": chart('{{ fail (printf "%q" .Values.v) }}'),
    "chart that fails with it encoded": chart("{{ fail (.Values.v | b64enc) }}"),
    "chart that fails with it in a URL": chart('{{ fail (printf "http://a/%s" (urlquery .Values.v)) }}'),
    "chart that fails with it in something encoded": chart('{{ fail (printf "a:%s:b" .Values.v | b64enc) }}'),
    "chart that prints it where YAML ends": chart("a: {{ .Values.v }}: b"),
    "chart whose values are refused": chart("{{ required .Values.v .Values.none }}"),
    "credentials in lamella.yaml": profile(FREE.replace("sensitive: true", "sensitive: true, default: x"))
    + "-- lamella.yaml --\napiVersion: lamella/v1\nkind: Settings\nregistries: [{name: r, url: 'https://me:hunter2-x@x.example'}]\n",
    "Secret that is not one": profile(FREE)
    + "-- profiles/m.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: VALUE}\n",
}
FORMS = [
    VALUE,
    base64.b64encode(VALUE.encode()).decode()[:20],
    urllib.parse.quote(VALUE, safe=""),
    json.dumps(VALUE)[1:-1],
    "aHVudGVyMi1TM2N",  # "hunter2-S3c" at each of the three places in a longer base64
    "h1bnRlcjItUzNjc",
    "odW50ZXIyLVMzY3",
]


@pytest.mark.parametrize("label", CASES)
def test_no_message_shows_it(label: str, lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    textar.write(textar.parse(CASES[label].replace("VALUE", VALUE))[1], tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")  # annotations too
    said = [lamella("check"), lamella("check", "-o", "json"), lamella("diff")]
    shown = "".join(each.out + each.err for each in said)
    assert "hunter2" not in shown
    assert not [form for form in FORMS if form in shown]
    if not label.startswith("Secret"):
        assert said[0].status == 1
    assert "Traceback" not in shown


def test_a_crash_shows_no_secret(lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    textar.write(textar.parse(profile(FREE).replace("VALUE", VALUE))[1], tmp_path)

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError(f"token={VALUE}\n::add-mask::x\x1b[2J")

    monkeypatch.setattr("compiler.cli.context.compile_clusters", crash)
    said = lamella("check")
    assert said.status == 4
    assert said.err.startswith(f"error[internal]: RuntimeError: token={MASK}\n\\u003a:add-mask::x\\u001b[2J\n")


def test_the_lines_of_what_lint_finds_are_masked(lamella: Lamella, tmp_path: Path) -> None:
    pack = "-- web/pack.yaml --\nname: web\nversion: 1.0.0\nlayer: addon\n-- web/values.yaml --\nVALUES\n"
    secret, key = "k9Xq27LmzPw4Rt", "AKIA" + "IOSFODNN7EXAMPLE"
    for text in (f"db: {{password: {secret}}}", f"awsKey: {key}", f"text: 'a {key} b'", f"api-key: '{secret}'"):
        textar.write(textar.parse(pack.replace("VALUES", text))[1], tmp_path)
        said = lamella("pack", "lint", "web")
        assert "secret-literal" in said.err
        assert MASK in said.err
        assert secret not in said.out + said.err
        assert key not in said.out + said.err


def test_an_export_of_palette_shows_no_secret_when_it_is_refused(lamella: Lamella, tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    variables = [{"name": "token", "isSensitive": True, "defaultValue": VALUE, "format": "nope"}]
    export = {"metadata": {"name": "x"}, "spec": {"version": "1.0.0", "template": {"type": "add-on", "packs": []},
              "variables": variables}}  # fmt: skip
    for name, text in (("a.yaml", f"# {json.dumps(export)}\n{json.dumps(export)}\n"), ("a.json", json.dumps(export))):
        (tmp_path / name).write_text(text)
        said = lamella("import", "palette", name)
        assert "hunter2" not in said.out + said.err


SECRETS = {
    "plain": "pa\"ss\\wo'rd é",
    "lines": "first line of it\nsecond line of it\n",
    "signs": "a&b<c>d=e f%g",
    "control": "bell\a and \x7f del",
    "long": "x7" * 40,
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_every_form_of_a_secret_is_masked(secret: str) -> None:
    raw = secret.encode()
    forms = [
        secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), json.dumps(json.dumps(secret)), repr(secret),
        secret.replace("'", "''"), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="),
        base64.b64encode(base64.b64encode(raw)).decode(), raw.hex(), raw.hex().upper(), urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret),
    ]  # fmt: skip
    assert [form for form in forms if form.strip("\"'") in masked(f"a {form} b", [secret])] == []


@pytest.mark.parametrize("end", ["…", "...", "'", '"', ")", "", "\nnext"])
def test_what_is_left_of_a_secret_that_was_cut_off_is_masked(end: str) -> None:
    assert masked(f"expected x, found s3cr3t-of-th{end}", ["s3cr3t-of-the-house"]) == f"expected x, found {MASK}{end}"


@pytest.mark.parametrize("text", ["nothing of it", "s3cr3t-o is a name", "s3cr3", "", "the house is of"])
def test_other_text_stays(text: str) -> None:
    assert masked(text, ["s3cr3t-of-the-house", ""]) == text
