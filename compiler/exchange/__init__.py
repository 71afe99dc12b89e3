"""Profiles in Palette's own JSON, in and out: what `lamella import palette` and `lamella export palette` do. Pure."""
