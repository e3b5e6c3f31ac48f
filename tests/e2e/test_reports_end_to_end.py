"""Every kind of report in every format, from the simulated company through PostgreSQL and HTTP."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx
import pytest

from tests.e2e.asking import everything, served
from tests.e2e.platforms import Platform
from trilha.domain.identity import Organisation
from trilha.simulators.mix import MixSimulator, Scenario

DAYS = 6
PRINTED = ("infractions", "ranking")
"""Setting pages takes seconds, so not every kind is."""
Asked = dict[str, str]


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    async with MixSimulator(Scenario(epoch=epoch, vehicles=5, events_per_vehicle_per_day=20)) as running:
        yield running


async def test_every_kind_comes_in_every_format_at_once_and_as_a_job(platform: Platform, company: Organisation) -> None:
    async with served(platform) as api:
        today = datetime.now(UTC).date()
        days = {"from": str(today - timedelta(days=DAYS + 1)), "to": str(today)}
        events = await everything(api, "/v1/telemetry/events")
        kinds = (await api.get("/v1/reports")).json()["items"]
        assert {"infractions", "ranking", "trips", "driver_days"} <= {one["kind"] for one in kinds}
        filled = set()
        jobs = {}
        for one in kinds:
            asked = days | ({"driver_id": events[0]["driver_id"]} if one["needs"] else {})
            rows = (await _got(api, one["kind"], "json", asked)).json()["rows"]
            if rows:
                filled.add(one["kind"])
            text = (await _got(api, one["kind"], "csv", asked)).content.decode("utf-8-sig")
            assert len(list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))) == len(rows) + 1
            book = await _got(api, one["kind"], "xlsx", asked | {"language": "en"})
            assert zipfile.ZipFile(io.BytesIO(book.content)).testzip() is None
            if one["kind"] in PRINTED:
                assert (await _got(api, one["kind"], "pdf", asked)).content.startswith(b"%PDF")
            job = await api.post(f"/v1/reports/{one['kind']}/jobs", json={**asked, "format": "csv"})
            jobs[job.headers["location"]] = text
        assert {"trips", "driver_days", "vehicle_days", "idling", "utilisation", "ranking"} <= filled

        assert await platform.make_reports(company.id) == len(kinds)

        for location, text in jobs.items():
            job = (await api.get(location)).json()
            assert (job["status"], job["rows_written"]) == ("done", len(text.splitlines()) - 1), job
            file = await api.get(f"{location}/file")
            assert file.content.decode("utf-8-sig") == text
            assert sha256(file.content).hexdigest() == job["file"]["digest"]


async def _got(api: httpx.AsyncClient, kind: str, ending: str, asked: Asked) -> httpx.Response:
    answer = await api.get(f"/v1/reports/{kind}.{ending}", params=asked)
    assert answer.status_code == 200, (kind, ending, answer.text)
    return answer
