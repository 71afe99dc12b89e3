"""Layers to Kubernetes documents: charts through Helm, one module a renderer."""
