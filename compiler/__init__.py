"""Lamella: cluster profiles in, deterministic Kubernetes manifests out. The architecture is in README.md here."""

__version__ = "0.1.0"
