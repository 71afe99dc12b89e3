"""`lamella pack push`, `pull` and `search` against real registries; what is pushed is read by a client that is not ours."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.packs_cli.conftest import write
from tests.packs_cli.packs import MANIFEST, web
from tests.registries.conftest import Repository, profile
from tests.support import servers

FOLDERS = {"lamella": "", "palette": "spectro-packs/archive/"}


def declared(url: str, layout: str = "lamella", name: str = "packs") -> str:
    return (
        "apiVersion: lamella/v1\nkind: Settings\nregistries:\n"
        f"  - {{name: {name}, kind: pack, url: '{url}', layout: {layout}}}\n"
    )


def plain(url: str, **options: Any) -> urllib3.BaseHTTPResponse:
    """A request of no client of ours."""
    answer = urllib3.PoolManager(**options).request("GET", url, retries=False)
    assert answer.status == 200, (url, answer.status, answer.data)
    return answer


def by_the_specification(root: str, repository: str, tag: str) -> dict[str, bytes]:
    """The files that a client finds by manifest and blobs, its archive read by `tarfile`."""
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    answer = plain(f"{root}/v2/{repository}/manifests/{tag}", headers=accept)
    manifest = json.loads(answer.data)
    assert manifest["schemaVersion"] == 2
    assert manifest["mediaType"] == answer.headers["Content-Type"] == accept["Accept"]
    assert manifest["config"]["mediaType"] == "application/vnd.unknown.config.v1+json"
    (layer,) = manifest["layers"]
    for descriptor in (manifest["config"], layer):
        blob = plain(f"{root}/v2/{repository}/blobs/{descriptor['digest']}").data
        assert len(blob) == descriptor["size"]
        assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == descriptor["digest"]
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") as tar:
        members = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: stream.read() for name, stream in members.items() if stream}


@pytest.mark.parametrize("layout", ["lamella", "palette"])
def test_pushed_then_locked_and_rendered(repository: Repository, oci: str, layout: str, tmp_path: Path) -> None:
    base = f"push-{layout}"
    write(tmp_path, web())
    repository.write({"lamella.yaml": declared(f"oci://{oci}/{base}", layout)})
    said = repository.ok("pack", "push", str(tmp_path / "packs/web"), "packs")
    assert said.err.endswith(f"pushed: pack web 1.2.0, oci://{oci}/{base}\n")
    # Any other client reads it.
    files = by_the_specification(f"http://{oci}", f"{base}/{FOLDERS[layout]}web", "1.2.0")
    assert files == {
        f"web-1.2.0/{path.removeprefix('packs/web/')}": text.encode() if isinstance(text, str) else text
        for path, text in web().items()
    }
    # And a profile uses it.
    repository.write({"profiles/web.yaml": profile("{name: web, type: addon, pack: {name: web, version: 1.x}}")})
    repository.ok("lock")
    assert f"revision: {said.out.strip()}" in repository.lock
    repository.ok("render")
    assert "image: registry.example.org/web:1.0.0" in "".join(repository.rendered().values())
    assert f"source: oci://{oci}/{base}" in repository.lock


def test_the_same_directory_is_the_same_digest_and_is_pushed_once(
    repository: Repository, oci: str, tmp_path: Path
) -> None:
    write(tmp_path, web())
    pack, first, second = str(tmp_path / "packs/web"), f"oci://{oci}/same-1", f"oci://{oci}/same-2"
    pushed = repository.ok("pack", "push", pack, first)
    shutil.copytree(tmp_path / "packs/web", tmp_path / "copy")  # other times, another name
    for path in (tmp_path / "copy").rglob("*"):
        path.chmod(0o755)
    assert repository.ok("pack", "push", str(tmp_path / "copy"), second).out == pushed.out
    again = repository.ok("pack", "push", pack, first)
    assert again.out == pushed.out
    assert "already there: pack web 1.2.0" in again.err


def test_a_version_is_not_overwritten_unless_forced(repository: Repository, oci: str, tmp_path: Path) -> None:
    write(tmp_path, web())
    pack, url = str(tmp_path / "packs/web"), f"oci://{oci}/overwrite"
    pushed = repository.ok("pack", "push", pack, url)
    write(tmp_path, {"packs/web/README.md": "# other\n"})
    refused = repository.run("pack", "push", pack, url)
    assert refused.status == 1
    assert "error[pack-pushed]" in refused.err
    assert refused.err.count("sha256:") == 2
    assert "web-1.2.0/README.md" in (files := by_the_specification(f"http://{oci}", "overwrite/web", "1.2.0"))
    assert files["web-1.2.0/README.md"] == b"# web\n"
    forced = repository.ok("pack", "push", pack, url, "--force")
    assert "overwritten: pack web 1.2.0" in forced.err
    assert forced.out != pushed.out
    files = by_the_specification(f"http://{oci}", "overwrite/web", "1.2.0")
    assert files["web-1.2.0/README.md"] == b"# other\n"


def test_equal_files_that_somebody_compressed_otherwise_are_already_there(
    repository: Repository, oci: str, tmp_path: Path
) -> None:
    """As `tar -czf` and `oras push` put them there: other bytes, the same files."""
    write(tmp_path, web())
    raw = subprocess.run(["tar", "-C", tmp_path / "packs", "-cf", "-", "web"], check=True, capture_output=True).stdout
    archive, config = gzip.compress(raw, 1), b"{}"
    pool, root = urllib3.PoolManager(), f"http://{oci}/v2/foreign/web"
    for blob in (archive, config):
        start = pool.request("POST", f"{root}/blobs/uploads/")
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        assert pool.request("PUT", f"{start.headers['Location']}&digest={digest}", body=blob).status == 201
    manifest = {
        "schemaVersion": 2,
        "config": {
            "mediaType": "application/vnd.unknown.config.v1+json",
            "digest": f"sha256:{hashlib.sha256(config).hexdigest()}",
            "size": 2,
        },
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest_of(archive), "size": len(archive)}
        ],
    }
    headers = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    put = pool.request("PUT", f"{root}/manifests/1.2.0", body=json.dumps(manifest), headers=headers)
    assert put.status == 201, put.data
    said = repository.ok("pack", "push", str(tmp_path / "packs/web"), f"oci://{oci}/foreign")
    assert "already there" in said.err
    assert said.out == f"{put.headers['Docker-Content-Digest']}\n"


def digest_of(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def test_a_pack_with_faults_is_not_pushed(repository: Repository, oci: str, tmp_path: Path) -> None:
    write(tmp_path, web(version="1.2+build"))
    said = repository.run("pack", "push", str(tmp_path / "packs/web"), f"oci://{oci}/faults")
    assert said.status == 1
    assert "error[pack-version-tag]" in said.err
    assert "faults/web" not in json.loads(plain(f"http://{oci}/v2/_catalog").data)["repositories"]


@pytest.mark.parametrize(
    ("registry", "settings", "code"),
    [
        ("pakcs", declared("oci://registry.example.com/x"), "registry-unknown"),
        ("https://packs.example.com", "", "registry-not-oci"),
        ("ftp://packs.example.com", "", "registry-url"),
        ("oci://fleet:corr3ct@registry.example.com/x", "", "registry-credentials"),
        (
            "here",
            "apiVersion: lamella/v1\nkind: Settings\nregistries: [{name: here, kind: pack, path: more}]\n",
            "registry-not-oci",
        ),
    ],
)
def test_where_nothing_can_be_pushed(
    repository: Repository, tmp_path: Path, registry: str, settings: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compiler.host.registry.index.IndexedRepository.fetch", missing)
    write(tmp_path, web())
    repository.write({"lamella.yaml": settings} if settings else {"README.md": ""})
    said = repository.run("pack", "push", str(tmp_path / "packs/web"), registry)
    assert said.status == 1
    assert f"error[{code}]" in said.err
    assert servers.PASSWORD not in said.err


def missing(*_: object) -> None:
    """Nothing is asked of packs.example.com: what it is, is known before."""
    raise AssertionError("the network was used")


def test_pull_writes_the_pack_and_overwrites_nothing(repository: Repository, oci: str, tmp_path: Path) -> None:
    url = f"oci://{oci}/pull"
    for version in ("1.2.0", "1.3.0", "2.0.0"):
        write(tmp_path, web(version=version))
        repository.ok("pack", "push", str(tmp_path / "packs/web"), url)
    repository.write({"README.md": ""})
    said = repository.ok("pack", "pull", "web@1.x", "--registry", url)
    assert "packs/web-1.3.0/pack.json\n" in said.out
    assert (repository.root / "packs/web-1.3.0/manifests/web.yaml").read_text() == MANIFEST
    assert "packs/web-2.0.0: pack web 2.0.0" in repository.ok("pack", "pull", "web", "--registry", url).err
    assert repository.ok("pack", "pull", "web", "--registry", url).out == ""  # nothing to change
    (repository.root / "packs/web-2.0.0/README.md").write_text("mine\n")
    refused = repository.run("pack", "pull", "web@2.0.0", "--registry", url)
    assert refused.status == 1
    assert "packs/web-2.0.0/README.md: error[file-exists]" in refused.err
    assert (repository.root / "packs/web-2.0.0/README.md").read_text() == "mine\n"
    repository.ok("pack", "pull", "web@2.0.0", "--registry", url, "--force")
    (repository.root / "packs/web-2.0.0/extra.yaml").write_text("a: 1\n")
    refused = repository.run("pack", "pull", "web@2.0.0", "--registry", url, "--force")
    assert "packs/web-2.0.0/extra.yaml: error[file-exists]: not a file of pack 'web' 2.0.0" in refused.err
    wrong = repository.run("pack", "pull", "web@3.x", "--registry", url)
    assert "error[lock-no-version]" in wrong.err
    assert "1.2.0, 1.3.0, 2.0.0" in wrong.err
    assert "error[invalid-version]" in repository.run("pack", "pull", "web@>=<1", "--registry", url).err
    assert "error[registry-missing]" in repository.run("pack", "pull", "wbe", "--registry", url).err
    assert repository.ok("pack", "pull", "web@1.2.0", "--registry", url, "--to", "mine/web").out.count("mine/web/") == 5


@pytest.mark.parametrize("layout", ["lamella", "palette"])
def test_search_asks_the_catalog(repository: Repository, oci: str, layout: str, tmp_path: Path) -> None:
    url = f"oci://{oci}/search-{layout}"
    for name, version in (("web", "1.2.0"), ("web", "1.10.0"), ("cache", "0.1.0")):
        write(tmp_path, web(name=name, version=version))
        repository.ok("pack", "push", str(tmp_path / "packs/web"), url, "--layout", layout)
    repository.write({"lamella.yaml": declared(url, layout)})
    rows = json.loads(repository.ok("pack", "search", "-o", "json").out)
    assert rows == [
        {"name": "cache", "versions": ["0.1.0"], "registry": "packs"},
        {"name": "web", "versions": ["1.10.0", "1.2.0"], "registry": "packs"},
    ]
    table = repository.ok("pack", "search", "WE").out.splitlines()
    assert [line.split() for line in table] == [
        ["NAME", "NEWEST", "VERSIONS", "REGISTRY"],
        ["web", "1.10.0", "2", "packs"],
    ]
    assert "no pack named like 'nothing'" in repository.ok("pack", "search", "nothing").err


def test_a_registry_that_lists_nothing_says_so_and_the_others_are_still_asked(
    repository: Repository, oci: str, tmp_path: Path
) -> None:
    """As public registries answer: the catalog is forbidden, or is not there."""

    class Closed(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    write(tmp_path, web())
    repository.ok("pack", "push", str(tmp_path / "packs/web"), f"oci://{oci}/beside")
    with servers.serving(Closed) as url:
        closed = url.replace("http://", "oci://")
        repository.write(
            {
                "lamella.yaml": declared(f"{closed}/x", name="closed")
                + f"  - {{name: open, kind: pack, url: 'oci://{oci}/beside'}}\n"
            }
        )
        said = repository.run("pack", "search", "-o", "json")
    assert said.status == 3
    assert "error[registry-no-catalog]" in said.err
    assert "lamella.yaml:4:" in said.err
    assert [row["name"] for row in json.loads(said.out)] == ["web"]


def test_search_in_an_index(repository: Repository, charts: Path, tmp_path: Path) -> None:
    write(tmp_path / "packs", {"index.yaml": "apiVersion: v1\nentries: {web: [{version: 1.0.0, urls: [web.tgz]}]}\n"})
    with servers.static_files(tmp_path / "packs") as url:
        repository.write({"README.md": ""})
        said = repository.ok("pack", "search", "--registry", url, "-o", "json")
    assert json.loads(said.out) == [{"name": "web", "versions": ["1.0.0"], "registry": url}]


def test_search_without_a_registry_says_how_to_declare_one(repository: Repository) -> None:
    repository.write({"README.md": ""})
    said = repository.run("pack", "search")
    assert said.status == 1
    assert "error[registry-unknown]: no registry of packs is declared" in said.err


CNI_PRESETS = """\
presets:
  - {name: no-tracing, group: Tracing, displayName: None, remove: ["charts.net.tracing"], add: ""}
"""


def infra(name: str, layer: str, **metadata: Any) -> dict[str, str | bytes]:
    """A pack of a CNI or CSI with its chart, whose values the pack sets below charts.NAME."""
    fields = {
        "name": name,
        "displayName": name,
        "version": "1.2.0",
        "layer": layer,
        "cloudTypes": ["all"],
        "charts": [f"charts/{name}"],
        **metadata,
    }
    return {
        f"{name}/pack.json": json.dumps(fields),
        f"{name}/values.yaml": f"pack:\n  namespace: kube-system\ncharts:\n  {name}:\n    text: pack\n    tracing: true\n",
        f"{name}/presets.yaml": CNI_PRESETS.replace("net", name),
        f"{name}/schema.yaml": f"charts.{name}.text:\n  schema: '{{{{ required }}}}'\n",
        f"{name}/charts/{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.2.0\n",
        f"{name}/charts/{name}/values.yaml": "text: ''\ntracing: false\n",
        f"{name}/charts/{name}/templates/c.yaml": CONFIG,
        f"{name}/README.md": "# pack\n",
        f"{name}/logo.png": b"\x89PNG\r\n\x1a\n",
    }


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ .Chart.Name }}-{{ .Chart.Version }}'}
data: {text: '{{ .Values.text }}', tracing: '{{ .Values.tracing }}'}
"""


def test_cni_and_csi_charts_of_a_private_registry_linked_to_its_packs(
    repository: Repository,
    private_oci: str,
    helm: Path,
    ca: servers.Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Charts and packs are both behind the login and the CA; the packs are in Palette's layout. `values` are the chart's
    own, the packs give their defaults, presets, schema and constraints, compared by the pack's version."""
    for name in ("CHARTS", "PACKS"):
        for key, value in (("USERNAME", servers.USERNAME), ("PASSWORD", servers.PASSWORD), ("CA_FILE", str(ca.ca))):
            monkeypatch.setenv(f"LAMELLA_REGISTRY_{name}_{key}", value)
    login = ["--username", servers.USERNAME, "--password", servers.PASSWORD, "--ca-file", str(ca.ca)]
    dependency = {"packName": "net", "minVersion": "1.2.0", "maxVersion": "1.2.9", "layer": "cni", "type": "required"}
    packs = {**infra("net", "cni"), **infra("disk", "csi", constraints={"dependencies": [dependency]})}
    write(tmp_path / "packs", packs)
    repository.write(
        {
            "lamella.yaml": declared(f"oci://{private_oci}/palette", "palette")
            + f"  - {{name: charts, kind: helm, url: 'oci://{private_oci}/helm'}}\n"
        }
    )
    for name in ("net", "disk"):
        repository.ok("pack", "push", str(tmp_path / "packs" / name), "packs")
        chart = tmp_path / "own" / name
        shutil.copytree(tmp_path / "packs" / name / "charts" / name, chart)
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 7.0.0\n")
        subprocess.run([helm, "package", chart, "-d", tmp_path], check=True, capture_output=True)
        push = [helm, "push", tmp_path / f"{name}-7.0.0.tgz", f"oci://{private_oci}/helm", *login]
        subprocess.run(list(map(str, push)), check=True, capture_output=True)

    def layers(values: str) -> str:
        linked = "linkedPack: {{name: {0}, version: 1.2.x, registry: packs, presets: [no-tracing]}}"
        chart = (
            "{{name: {0}, type: {1}, chart: {{name: {0}, version: ^7, registry: charts, " + linked + "}}, values: {2}}}"
        )
        return (
            profile(chart.format("net", "cni", values), chart.format("disk", "csi", "{text: own}"))
            .replace("type: add-on", "type: infra")
            .replace("cloud: all", "cloud: my-cloud")
            .replace("spec:\n  kubernetesVersion", "spec:\n  cloud: my-cloud\n  kubernetesVersion")
        )

    repository.write({"profiles/web.yaml": layers("{text: mine}")})
    repository.ok("lock")
    assert repository.lock.count("oci://") == 4
    repository.ok("render")
    rendered = repository.rendered()
    net = rendered["prod/net/configmap-kube-system-net-7.0.0.yaml"]
    assert "text: mine\n" in net
    assert 'tracing: "false"' in net  # the preset of the pack took its default away
    assert "text: own\n" in rendered["prod/disk/configmap-kube-system-disk-7.0.0.yaml"]
    repository.ok("lock", "--check")
    repository.ok("render", "--check", "--offline")
    # The rules of the pack count, for the chart's own values.
    repository.write({"profiles/web.yaml": layers("{text: ''}")})
    assert "error[schema-required]" in repository.run("render").err
    assert servers.PASSWORD not in repository.lock
