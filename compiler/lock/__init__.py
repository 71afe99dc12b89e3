"""lamella.lock: what is asked for is pinned to versions and digests, and written."""
