"""Objects that SOPS has encrypted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Source: github.com/getsops/sops, aes/cipher.go and stores/stores.go: the form of a value, and the keys of the metadata.
_VALUE = re.compile(
    r"ENC\[AES256_GCM,data:[A-Za-z0-9+/]*={0,2},iv:[A-Za-z0-9+/]+={0,2},tag:[A-Za-z0-9+/]+={0,2},type:(?:str|int|float|bool|"
    r"bytes|comment|time)\]"
)
_KEYS = ("kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "age", "pgp")


def is_encrypted(body: Mapping[str, Any]) -> bool:
    """Whether SOPS has encrypted the object. Its MAC is over the values in their order: it must stay as it is.

    True where the metadata is that of SOPS: a MAC that is encrypted itself, and a key that opens it.
    """
    sops = body.get("sops")
    return isinstance(sops, dict) and is_ciphertext(sops.get("mac")) and _has_key(sops)


def is_ciphertext(value: Any) -> bool:
    """Whether it is what SOPS puts in the place of a value."""
    return isinstance(value, str) and _VALUE.fullmatch(value) is not None


def _has_key(sops: Mapping[str, Any]) -> bool:
    groups = sops.get("key_groups")
    for group in (sops, *(groups if isinstance(groups, list) else ())):
        if isinstance(group, dict) and any(isinstance(group.get(key), list) and group[key] for key in _KEYS):
            return True
    return False
