"""Typed access to the mappings that people write: the one reader of them all."""
