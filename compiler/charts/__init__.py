"""Helm charts as values: their archives, what they declare, what their templates may do, and the catalogue of charts."""
