"""Comparing with text kept in the project. `TRILHA_UPDATE_GOLDEN=1` writes it anew; read the diff before committing."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


def assert_golden(path: str, text: str) -> None:
    """Fail unless the file at `path`, from the project's root, holds exactly `text`."""
    kept = ROOT / path
    if os.environ.get("TRILHA_UPDATE_GOLDEN"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text)
    assert kept.is_file(), f"{path} is missing; write it with TRILHA_UPDATE_GOLDEN=1"
    assert kept.read_text() == text, f"{path} is not what the code says; if that is meant, write it anew"
