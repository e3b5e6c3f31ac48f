"""What `trilha up` wants to know before it starts anything."""

from pathlib import Path

import pytest

from trilha.adapters.embedded import DataFolder
from trilha.entrypoints.settings import BadSettings, Settings
from trilha.entrypoints.stack import Stack


def test_a_port_that_nobody_knows_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="TRILHA_HTTP_PORT is 0"):
        Stack(Settings(http_port=0), DataFolder(tmp_path), demo=True)
