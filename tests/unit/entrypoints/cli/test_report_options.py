"""What is missing is said by the names of the options, before anything is opened."""

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from trilha.domain.reporting import ReportFormat
from trilha.entrypoints.cli.report import report
from trilha.entrypoints.cli.report_file import Target
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.mistakes import Mistake


@pytest.mark.filterwarnings("ignore:`use_rich_markup=`:PendingDeprecationWarning")  # of rich-click, about itself
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "week"], "--on monday"),
        (["--every", "month"], "--day 1"),
        (["--every", "day", "--on", "monday"], "--every week only"),
        (["--every", "week", "--on", "monday", "--day", "3"], "--every month only"),
    ],
)
def test_a_day_that_is_missing_or_out_of_place_is_told(options: list[str], said: str) -> None:
    refused = CliRunner().invoke(report, ["schedule", "add", "Toda semana", "ranking", *options], terminal_width=200)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())


def test_a_file_that_no_format_is_known_by_is_refused() -> None:
    with pytest.raises(Mistake, match=r"x.doc ends in none of .json, .csv, .xlsx, .pdf"):
        Target.of(Path("x.doc"), None)
    assert Target.of(Path("x.doc"), "csv").format is ReportFormat.CSV
    assert Target.of(Path("x.PDF"), None).format is ReportFormat.PDF
    assert Target.of(Path("x"), None).format is ReportFormat.XLSX


def test_what_a_pool_says_of_its_connections_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL", "NATS_URL"):
        monkeypatch.setenv(f"TRILHA_{name}", "postgresql://nowhere" if "DATABASE" in name else "nats://nowhere")
    pool = logging.getLogger("psycopg.pool")
    root = logging.getLogger()
    before = (pool.level, root.level, root.handlers[:])
    pool.setLevel(logging.NOTSET)
    try:
        operator_settings("operator")
        assert not pool.isEnabledFor(logging.WARNING)
        assert pool.isEnabledFor(logging.ERROR)
    finally:
        pool.setLevel(before[0])
        root.setLevel(before[1])
        root.handlers[:] = before[2]
