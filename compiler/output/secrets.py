"""`policy: {secrets: …}`: Secrets in clear, and credentials in clear in other objects. No message has a value."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import PlannedLayer, RenderedObject

_SHOWN = 3


def check_secrets(layer: PlannedLayer, objects: Sequence[RenderedObject], problems: Problems) -> None:
    """Reports the objects whose values would be committed in clear, unless the layer's policy allows them.

    Credentials that only the name of their variable tells are warnings.
    """
    policy = layer.policy
    if policy.secrets == "allow":
        return
    for item in objects:
        if not (item.plaintext_secret or item.credentials):
            continue
        if policy.secrets == "listed" and any(allowed.matches(item.id) for allowed in policy.secrets_allowed):
            continue
        what = f"layer '{layer.name}': {item} (from {item.template})"
        namespace = f", namespace: {item.namespace}" if item.namespace else ""
        allow = f"policy: {{secrets: {{allow: [{{kind: {item.kind}{namespace}, name: {item.name}}}]}}}} on the layer"
        if item.plaintext_secret:
            problems.error(
                Code.PLAINTEXT_SECRET,
                f"{what} holds values in clear, which would be committed",
                layer.at,
                hint="use an ExternalSecret, SealedSecret or SOPS; switch it off in the values; drop it by an overlay;"
                f" or set {allow}",
            )
        for certain, report in ((True, problems.error), (False, problems.warning)):
            places = [f"{c.path} ({c.what})" for c in item.credentials if c.certain is certain]
            if places:
                more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
                holds = "holds a credential in clear" if certain else "seems to hold a credential in clear"
                report(
                    Code.PLAINTEXT_CREDENTIAL,
                    f"{what} {holds}: {', '.join(places[:_SHOWN])}{more}",
                    layer.at,
                    hint=f"take it from a Secret (secretKeyRef, a volume); or set {allow}",
                )
