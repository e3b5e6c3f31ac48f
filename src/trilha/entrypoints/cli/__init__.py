"""The command line `trilha`. This module imports nothing but the standard library, so that it can always explain."""

import sys

MISSING_EXTRA_EXIT_CODE = 3


def main() -> None:
    """Run the command line, or say which extra is missing."""
    try:
        from trilha.entrypoints.cli.app import run
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "trilha":
            raise
        sys.stderr.write(
            f"trilha: this needs {error.name}, which is not installed. Run: pip install 'trilha[server]'\n"
        )
        raise SystemExit(MISSING_EXTRA_EXIT_CODE) from None
    run()
