"""What a person can mend becomes one line and an exit code; a fault of ours stays a fault."""

import subprocess
import sys
from pathlib import Path

import pytest

from trilha.adapters.nats import BusUnavailable
from trilha.adapters.postgres import RoleTooPowerful
from trilha.application.ports import StorageUnavailable
from trilha.domain.kernel import Conflict
from trilha.entrypoints.feed import DEMO, OWN, require_feed
from trilha.entrypoints.mistakes import ExitCode, Mistake, as_mistake
from trilha.entrypoints.settings import BadSettings, load_settings

DATABASES = ("TRILHA_DATABASE_URL", "TRILHA_DATABASE_OWNER_URL", "TRILHA_DATABASE_SYSTEM_URL")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadSettings(["TRILHA_HTTP_PORT is 'x'"]), ExitCode.CONFIGURATION),
        (RoleTooPowerful("TRILHA_DATABASE_URL", "postgres", "is a superuser"), ExitCode.CONFIGURATION),
        (StorageUnavailable("TRILHA_DATABASE_URL leads nowhere"), ExitCode.UNAVAILABLE),
        (BusUnavailable("NATS is away"), ExitCode.UNAVAILABLE),
        (Conflict("a worker is at it"), ExitCode.FAILED),
        (Mistake("said", ExitCode.USAGE), ExitCode.USAGE),
    ],
)
def test_a_mistake_has_an_exit_code(error: Exception, code: ExitCode) -> None:
    mistake = as_mistake(error)
    assert mistake is not None
    assert mistake.code is code
    assert str(error) in str(mistake)


def test_a_fault_of_ours_is_no_mistake() -> None:
    assert as_mistake(KeyError("x")) is None


def test_addresses_are_checked_all_at_once_and_never_quoted() -> None:
    bad = {name: f"postgresql//role:sesame@host/{name}" for name in DATABASES}
    with pytest.raises(BadSettings) as refused:
        load_settings({**bad, "TRILHA_NATS_URL": "nats//u:sesame@host"})
    assert len(refused.value.problems) == 4
    assert all(name in str(refused.value) for name in (*DATABASES, "TRILHA_NATS_URL"))
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments", [("-m", "trilha.entrypoints.process", "api"), ("-m", "trilha.entrypoints.cli", "up")]
)
def test_a_process_says_it_in_its_own_words(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"TRILHA_HTTP_PORT": "many", "TRILHA_LOG_LEVEL": "loud"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.CONFIGURATION
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert "TRILHA_HTTP_PORT" in done.stderr
    assert "TRILHA_LOG_LEVEL" in done.stderr


@pytest.mark.parametrize(("first", "second"), [(DEMO, OWN), (OWN, DEMO)])
def test_a_folder_with_data_keeps_its_feed(tmp_path: Path, first: str, second: str) -> None:
    remembered = require_feed(tmp_path, first)
    assert require_feed(tmp_path, first) == remembered
    # nothing has been brought in yet, so nothing can be mixed up
    require_feed(tmp_path, second)
    require_feed(tmp_path, first)
    (tmp_path / "postgres").mkdir()
    with pytest.raises(Mistake, match="TRILHA_DATA_DIR") as refused:
        require_feed(tmp_path, second)
    assert refused.value.code is ExitCode.CONFIGURATION
    assert require_feed(tmp_path, first).kind == first
