"""The folder for what benchmarks make and keep: packages of peers, generated data, logs. Safe to delete."""

from pathlib import Path

SCRATCH = Path(__file__).parent.parent / ".bench"


def folder(name: str) -> Path:
    """A folder in the scratch folder, made if missing."""
    made = SCRATCH / name
    made.mkdir(parents=True, exist_ok=True)
    return made
