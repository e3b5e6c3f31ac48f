"""The benchmark of reports runs, and checks on its way that counts are those of the records."""

import asyncio

import pytest

from benchmarks.figures import Report
from benchmarks.report_data import write_report_data
from benchmarks.reports import measure
from tests.postgres import in_database
from trilha.adapters.postgres import DatabaseUrls


async def test_a_small_year_is_measured(
    fresh_postgres_urls: DatabaseUrls, postgres_superuser_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    superuser_url = in_database(postgres_superuser_url, fresh_postgres_urls.app)
    data = await asyncio.to_thread(write_report_data, superuser_url, fresh_postgres_urls, 30_000)
    report = Report("reports")
    await measure(report, fresh_postgres_urls.app, superuser_url, data, rounds=1)
    for figure in ("infractions_of_driver", "ranking_of_month", "group_report"):
        assert figure in report.table()
        assert f"{figure}_with_stale_days" in report.table()
    assert '"cells":0' not in capsys.readouterr().out
