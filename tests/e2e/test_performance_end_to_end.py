"""What is told of drivers is what counting their events and trips by hand gives, through PostgreSQL and HTTP."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.e2e.asking import everything, served
from tests.e2e.platforms import Platform
from trilha.domain.identity import Organisation
from trilha.simulators.mix import MixSimulator, Scenario

DAYS, BEFORE = 6, 60
"""The company also sends what happened days before it began."""
Row = Mapping[str, Any]


@pytest.fixture
async def simulator() -> AsyncIterator[MixSimulator]:
    epoch = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    async with MixSimulator(Scenario(epoch=epoch, vehicles=4, events_per_vehicle_per_day=40)) as running:
        yield running


async def test_counts_scores_and_days_are_those_of_the_records(platform: Platform, company: Organisation) -> None:
    zone = ZoneInfo(company.time_zone)
    today = datetime.now(zone).date()
    asked = {"from": str(today - timedelta(days=BEFORE)), "to": str(today + timedelta(days=1))}
    async with served(platform) as api:
        drivers = {one["id"]: one for one in await everything(api, "/v1/drivers")}
        events = await everything(api, "/v1/telemetry/events")
        trips = {key: await everything(api, f"/v1/drivers/{key}/trips") for key in drivers}
        ranking = await _got(api, "/v1/drivers/ranking", asked)
        places = {one["driver"]["id"]: one["score"] for one in ranking["items"]}
        infractions = 0
        for key in drivers:
            report = await _got(api, f"/v1/drivers/{key}/infractions", asked)
            assert _cells(report) == _by_hand(events, key, zone, report["columns"])
            infractions += report["total"]
            score = await _got(api, f"/v1/drivers/{key}/score", asked)
            driven_km = sum(trip["distance_km"] or 0.0 for trip in trips[key])
            assert score["distance_km"] == pytest.approx(driven_km)
            assert score["score"] == places.get(key)
            days = await _got(api, f"/v1/drivers/{key}/days", asked)
            assert {one["day"]: one["trips"] for one in days["items"]} == _trips_by_day(trips[key], zone)
            assert sum(one["distance_km"] for one in days["items"]) == pytest.approx(driven_km)
        assert infractions > 0
        assert places


async def test_a_form_is_printed_from_the_store_as_it_was(platform: Platform, company: Organisation) -> None:
    async with served(platform) as api:
        driver = (await everything(api, "/v1/telemetry/events"))[0]["driver_id"]
        made = await api.post(f"/v1/drivers/{driver}/guidance-forms", json={"language": "en"})
        assert made.status_code == 201, made.text
        before = await api.get(made.json()["pdf"])
        settings = await _got(api, "/v1/performance-settings", {})
        assert (await api.put("/v1/performance-settings", json=settings | {"city": "Goiânia"})).json()["version"] == 1
        after = await api.get(made.json()["pdf"])
        assert before.content.startswith(b"%PDF")
        assert after.content == before.content
        assert (await _got(api, f"/v1/drivers/{driver}/guidance-forms", {}))["items"] == [made.json()]


async def _got(api: httpx.AsyncClient, path: str, asked: Mapping[str, str]) -> Any:
    answer = await api.get(path, params=dict(asked))
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def _cells(report: Row) -> dict[tuple[str, str], int]:
    return {
        (row["event_type_id"], column["first_day"]): count
        for row in report["rows"]
        for column, count in zip(report["columns"], row["counts"], strict=True)
        if count
    }


def _by_hand(events: list[Row], driver: str, zone: ZoneInfo, columns: list[Row]) -> dict[tuple[str, str], int]:
    counted: defaultdict[tuple[str, str], int] = defaultdict(int)
    for event in events:
        if event["driver_id"] == driver and event["classification"] == "driving_infraction":
            day = str(_day(event, zone))
            (column,) = (one for one in columns if one["first_day"] <= day <= one["last_day"])
            counted[event["event_type_id"], column["first_day"]] += event["occurrences"]
    return dict(counted)


def _trips_by_day(trips: list[Row], zone: ZoneInfo) -> dict[str, int]:
    return dict(Counter(str(_day(trip, zone)) for trip in trips))


def _day(record: Row, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(record["occurred_at"]).astimezone(zone).date()
