"""Recorded tracks and what other libraries compute of them: no part of the project, used where they exist."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def shared_data() -> Path:
    """The folder of recorded data; skips the test where there is none."""
    named = os.environ.get("TRILHA_SHARED_DIR")
    beside = [Path(named)] if named else [folder / "shared" for folder in list(ROOT.parents)[:2]]
    for folder in beside:
        if (folder / "data" / "tracks").is_dir():
            return folder / "data"
    pytest.skip("no recorded data beside the project")


def reference_tracks() -> Sequence[Mapping[str, str]]:
    """The rows of the reference values, one for each recorded GPX file."""
    with (shared_data() / "tracks" / "reference_values.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))
