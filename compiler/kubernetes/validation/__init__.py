"""What the API server of a minor version would say to an object, without asking one: schemas, names, a table of rules.

`schemas.json` (the OpenAPI definitions of Kubernetes 1.25 to 1.37, in short) is read on first use.
"""

from __future__ import annotations

from compiler.kubernetes.validation.findings import Finding
from compiler.kubernetes.validation.objects import check_builtin, check_custom

__all__ = ["Finding", "check_builtin", "check_custom"]
