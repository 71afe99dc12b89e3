"""Credentials in clear are found by their structure, and what only resembles them is not."""

from __future__ import annotations

import base64
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.kubernetes.credentials import credentials, known_form
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
        {"kind": "ConfigMap", "data": {"key": PEM}, "sops": {"mac": "x"}},
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
