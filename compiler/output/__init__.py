"""Rendered layers to the output tree: paths, bytes and the inventory; nothing here touches a disk."""
