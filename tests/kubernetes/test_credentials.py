"""Credentials in clear are found by their structure, and what only resembles them is not."""

from __future__ import annotations

import base64
import json
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.kubernetes.credentials import credentials, known_form, redacted
from compiler.kubernetes.secret import LAST_APPLIED
from compiler.kubernetes.sops import is_encrypted
from compiler.render.objects import Draft, finished
from tests.palette.support import MemoryFiles
from tests.schemas.corpus import sources

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
DASHES = "-" * 5
PEM = f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n{BODY}\n{DASHES}END PRIVATE KEY{DASHES}\n"
WITH_HEADERS = PEM.replace(
    "BEGIN PRIVATE KEY-----\n", "BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: A,1\n\n"
)
GITHUB = "ghp_" + "a1B2" * 9
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJlLW9mLWl0"])


CIPHERTEXT = "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = {
    PEM: "a private key",
    WITH_HEADERS: "a private key",
    PEM.replace("\n", "\\n"): "a private key",
    "key: " + encoded(PEM): "a private key",
    f"{DASHES}BEGIN PGP PRIVATE KEY BLOCK{DASHES}\n\n{BODY}": "a private key",
    "AGE-SECRET-KEY-1" + "Q" * 58: "a private key",
    "id AKIAIOSFODNN7EXAMPLE": "an AWS access key",
    GITHUB: "a GitHub token",
    JWT: "a signed web token",
    f"grep '{DASHES}BEGIN RSA PRIVATE KEY{DASHES}' file": "",
    PEM.replace("PRIVATE KEY", "CERTIFICATE"): "",
    PEM.replace("PRIVATE", "PUBLIC"): "",
    encoded(PEM.replace("PRIVATE KEY", "CERTIFICATE")): "",
    PEM.replace(BODY, "..."): "",
    "ghp_short eyJ.eyJ AKIA": "",
}


@pytest.mark.parametrize(("text", "what"), FORMS.items())
def test_known_forms(text: str, what: str) -> None:
    assert known_form(text) == what


VARIABLES = {
    ("DB_PASSWORD", "hunter2"): (False, "a value of DB_PASSWORD"),
    ("PGPASSWORD", "123456"): (False, "a value of PGPASSWORD"),
    ("GF_SECURITY_ADMIN_PASSWORD", "admin"): (False, "a value of GF_SECURITY_ADMIN_PASSWORD"),
    ("API_TOKEN", "s3cr3t-token"): (False, "a value of API_TOKEN"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"): (False, "a value of AWS_SECRET_ACCESS_KEY"),
    ("ANYTHING", GITHUB): (True, "a GitHub token"),
    ("DATABASE_URL", "postgres://app:hunter2@db.example.com/app"): (True, "a password in a URL"),
    ("REDIS", "redis://:hunter2@redis:6379/0"): (True, "a password in a URL"),
    ("DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db/app"): None,
    ("DATABASE_URL", "postgres://app@db:5432/app"): None,
    ("SENTRY_DSN", "https://abc123@sentry.example.com/5"): None,
    ("DB_PASSWORD", ""): None,
    ("DB_PASSWORD", "$(FROM_SECRET)"): None,
    ("DB_PASSWORD", "${DB_PASSWORD}"): None,
    ("DB_PASSWORD", "changeme"): None,
    ("DB_PASSWORD", "<password>"): None,
    ("DB_PASSWORD", "vault:secret/data/db#password"): None,
    ("DB_PASSWORD_FILE", "/run/secrets/db"): None,
    ("DB_PASSWORD", "/run/secrets/db"): None,
    ("ALLOW_EMPTY_PASSWORD", "yes"): None,
    ("WEBHOOK_SECRET", "elastic-operator-webhook-cert"): None,
    ("TLS_SECRET_NAME", "a1-b2"): None,
    ("SECRET_KEY", "tls.key"): None,
    ("MAX_TOKEN", "4096"): None,
    ("TOKEN_URL", "https://example.com/oauth/token"): None,
    ("AUTH_TOKEN", "https://example.com/oauth/token"): None,
    ("ENABLE_TOKEN", "true"): None,
}


@pytest.mark.parametrize(("variable", "expected"), VARIABLES.items(), ids=lambda value: str(value)[:40])
def test_variables(variable: tuple[str, str], expected: tuple[bool, str] | None) -> None:
    name, value = variable
    pod = {"containers": [{"name": "c", "env": [{"name": name, "value": value}]}]}
    found = credentials({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod})
    assert [(c.certain, c.what) for c in found] == ([expected] if expected else [])
    assert [c.path for c in found] == ["spec.containers[0].env[0].value"] * len(found)
    in_map = credentials({"apiVersion": "v1", "kind": "ConfigMap", "data": {name: value}})
    assert [(c.certain, c.what) for c in in_map] == ([expected] if expected else [])


def test_a_value_from_a_secret_is_none() -> None:
    source = {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}
    assert credentials({"kind": "Pod", "spec": {"containers": [{"env": [source]}]}}) == ()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"data": {"tls.key": PEM}}, 'data["tls.key"]'),
        ({"data": {"app.yaml": f"key: |\n  {PEM}"}}, 'data["app.yaml"]'),
        ({"binaryData": {"key": encoded(PEM)}}, "binaryData.key"),
        ({"binaryData": {"key": encoded(encoded(PEM))}}, "binaryData.key"),
    ],
)
def test_private_keys_in_config_maps(fields: dict[str, Any], path: str) -> None:
    (found,) = credentials({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, **fields})
    assert (found.path, found.what, found.certain) == (path, "a private key", True)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "Secret", "stringData": {"key": PEM}},
        {"kind": "SealedSecret", "spec": {"encryptedData": {"key": "AKIAIOSFODNN7EXAMPLE"}}},
        {"kind": "CustomResourceDefinition", "spec": {"description": PEM}},
        {"kind": "ConfigMap", "data": {"api-key": CIPHERTEXT}, "sops": {"mac": CIPHERTEXT, "age": [{"enc": PEM}]}},
        {
            "kind": "ValidatingWebhookConfiguration",
            "webhooks": [{"caBundle": encoded(PEM.replace("PRIVATE KEY", "X"))}],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "binaryData": {"a": "not base64!"}, "data": {"n": 5}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"README.md": "password: x\nurl: a://b:c@d\n"}},
    ],
)
def test_objects_without(body: dict[str, Any]) -> None:
    assert credentials(body) == ()


def test_what_is_found_holds_no_value() -> None:
    body = {
        "kind": "Pod",
        "spec": {"env": [{"name": "A_PASSWORD", "value": "hunter2"}, {"name": "B", "value": GITHUB}]},
    }
    assert not any(secret in pickle.dumps(credentials(body)) for secret in (b"hunter2", GITHUB.encode()))


@pytest.mark.parametrize(
    "text",
    [f"{DASHES}BEGIN PRIVATE KEY{DASHES}" + "A: b " * 10**5, "eyJaaaaaaaaaa." * 10**5, "a://" * 10**5,
     "LS0tLS1CRUdJTi" * 10**5, f"{DASHES}BEGIN " * 10**5, "x" * 10**6, "\\n" * 10**6],
    ids=range(7),
)  # fmt: skip
def test_time_grows_with_the_text(text: str) -> None:
    before = time.process_time()
    credentials({"apiVersion": "v1", "kind": "ConfigMap", "data": {"DB_PASSWORD": text, "f": text + "\n"}})
    assert time.process_time() - before < 5


# What public packs and charts hold in clear with their own values: each is true.
CORPUS = {
    ("kubecost-1.103.3", "error", "env[4].value (a Google API key)"),
    ("kubecost-1.103.3", "warning", "env[8].value (a value of REMOTE_WRITE_PASSWORD)"),
}
_REPOSITORY = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: walk, version: 1.0.0}
spec:
  type: add-on
  cloud: all
  policy: {secrets: {allow: [{kind: Secret}]}, random: allow, apis: allow, schema: "off"}
  layers:
    - name: the-layer
      %s
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec: {cloud: %s, kubernetesVersion: 1.33.4, system: {cluster.uid: u}, profiles: [{name: walk, version: 1.0.0}]}
"""


def test_the_credentials_of_the_corpus_are_true(corpus: Path) -> None:
    assert corpus.exists()
    found = set()
    with Session(jobs=2) as session:
        for name, source, cloud, files in sources():
            repository = MemoryFiles({"profiles/walk.yaml": _REPOSITORY % (source, cloud), **files})
            try:
                diagnostics = compile_clusters(repository, Request(), session, existing=lambda _: None).warnings
            except CompileError as error:
                diagnostics = error.diagnostics
            told = [each for each in diagnostics if each.code == Code.PLAINTEXT_CREDENTIAL]
            found |= {(name, each.severity, each.message.rpartition("containers[0].")[2]) for each in told}
    assert found == CORPUS


def _applied(body: dict[str, Any]) -> dict[str, Any]:
    """The object with nothing but what kubectl keeps of it."""
    head = {key: body[key] for key in ("apiVersion", "kind")}
    return {**head, "metadata": {"name": "a", "annotations": {LAST_APPLIED: json.dumps(body)}}}


def test_a_credential_in_what_kubectl_applied_is_one_in_clear() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": "hunter2x"}}
    (credential,) = credentials(_applied(body))
    assert credential.path == f'metadata.annotations["{LAST_APPLIED}"]'
    assert credential.what == "a value of password at data.password"
    assert len(credentials({**body, **{"metadata": _applied(body)["metadata"]}})) == 1, "told once"


@pytest.mark.parametrize("text", ["", "{}", "not json", "[1]", '{"data": {"a": "b"}}'])
def test_other_annotations_are_none(text: str) -> None:
    metadata = {"name": "a", "annotations": {LAST_APPLIED: text}}
    assert credentials({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}) == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"data": {"password": "aHVudGVyMg=="}}, True),
        ({"stringData": {"password": "x"}}, True),
        ({"stringData": {"password": CIPHERTEXT}}, True),
        ({"stringData": {"password": CIPHERTEXT}, "sops": {"mac": CIPHERTEXT, "age": [{"enc": "x"}]}}, False),
        ({"data": {"password": ""}}, False),
        ({"data": {}}, False),
    ],
)
def test_a_secret_whose_value_is_only_in_what_kubectl_applied(body: dict[str, Any], expected: bool) -> None:
    applied = _applied({"apiVersion": "v1", "kind": "Secret", **body})
    assert finished(Draft(applied, "a.yaml", False)).plaintext_secret is expected


KEY = {"age": [{"recipient": "age1x", "enc": "x"}]}
FORGED = {
    "mac in clear": {"mac": "x", **KEY},
    "mac that only looks so": {"mac": "ENC[x]", **KEY},
    "mac without a tag": {"mac": "ENC[AES256_GCM,data:eA==,iv:eA==,type:str]", **KEY},
    "another cipher": {"mac": CIPHERTEXT.replace("AES256_GCM", "ROT13"), **KEY},
    "text after it": {"mac": CIPHERTEXT + " x", **KEY},
    "no key": {"mac": CIPHERTEXT},
    "empty keys": {"mac": CIPHERTEXT, "age": [], "pgp": None, "kms": "x"},
    "no metadata": "x",
}


@pytest.mark.parametrize("label", FORGED)
def test_what_only_looks_encrypted_is_in_clear(label: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"}, "sops": FORGED[label]}
    assert not is_encrypted(body)
    assert finished(Draft({**body, "stringData": {"a": CIPHERTEXT}}, "a.yaml", False)).plaintext_secret


@pytest.mark.parametrize("value", ["ENC[hunter2]", "ENC[AES256_GCM,data:hunter2]", "x", CIPHERTEXT + "x", 5])
def test_a_value_beside_real_metadata_may_be_in_clear(value: Any) -> None:
    sops = {"mac": CIPHERTEXT, **KEY}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "b"}, "sops": sops}
    assert finished(Draft({**body, "stringData": {"a": value}}, "a.yaml", False)).plaintext_secret
    assert not finished(Draft({**body, "stringData": {"a": CIPHERTEXT}}, "a.yaml", False)).plaintext_secret


@pytest.mark.parametrize(
    "keys", [{"pgp": [{"fp": "A"}]}, {"kms": [{"arn": "a"}]}, {"key_groups": [{"hc_vault": [{}]}]}, KEY]
)
def test_what_sops_has_encrypted(keys: dict[str, Any]) -> None:
    assert is_encrypted({"sops": {"mac": CIPHERTEXT, "lastmodified": "2026-01-01T00:00:00Z", **keys}})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a {GITHUB} b", "a *** b"),
        (f"{JWT},{JWT}", "***,***"),
        ("xoxb-1234567890-abcdefghij-X", "***"),
        (f"x {PEM}", f"x ***{DASHES}END PRIVATE KEY{DASHES}\n"),
        ("postgres://me:pa55@db/x", "postgres://me:***@db/x"),
        ("https://me:$PASS@db", "https://me:$PASS@db"),
        ("AKIA is no key, https://db:5432/a", "AKIA is no key, https://db:5432/a"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown
