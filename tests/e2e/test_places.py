"""Where a run happens: temporary folders of any length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.test_determinism import copy_of_this_repository
from tests.support import oracles


def test_a_temporary_folder_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    """The forkserver listens at a socket in it, whose path has 107 bytes at most (unix(7))."""
    repository = copy_of_this_repository(tmp_path / "repository")
    temporary = tmp_path / ("long-" * 20) / ("longer-" * 10)
    temporary.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "compiler", "render", "--repo", str(repository)],
        env={**os.environ, "PYTHONPATH": str(oracles.ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(temporary.iterdir())
