"""The command `lamella`. Asking for the version answers before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command and exits with its status (DESIGN §5)."""
    if sys.argv[1:] in (["--version"], ["version"]):
        from compiler import __version__

        sys.stdout.write(f"lamella {__version__}\n")
        return
    from compiler.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
