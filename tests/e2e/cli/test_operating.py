"""Watching, bringing past times in, reading again and deciding, on a running installation. In any order."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli.conftest import Installation, eventually
from trilha.domain.monitoring import HARSH_EVENTS, Alert, EventOfType, RuleContent, Severity, new_rule
from trilha.entrypoints.cli.running import operator_settings
from trilha.entrypoints.container.database import open_database
from trilha.testing.contracts.fresh import NOON, new_id
from trilha.testing.contracts.monitoring import an_alert

NOBODY = "00000000-0000-7000-8000-000000000000"


def asked(demo: Installation, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = demo.run(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


@pytest.fixture
def fed(demo: Installation) -> Installation:
    """With an organisation, and trips of a few days."""

    def has_trips() -> bool:
        streams = demo.get("/v1/etl/health")["streams"]
        return any(one["stream"] == "trips" and one["rows"] for one in streams)

    eventually(has_trips, "trips")
    return demo


def test_the_feed_shows_every_stream_and_the_budget(fed: Installation) -> None:
    (organisation,) = asked(fed, "feed")["organisations"]
    health = organisation["health"]

    assert [one["stream"] for one in health["streams"]] == ["events", "positions", "trips", "amendments"]
    assert [one["allowed"] for one in health["calls"]] == [120, 7200]
    text = fed.run("feed").stdout
    for word in ("events", "positions", "trips", "calls used", "quarantine"):
        assert word in text


def test_a_backfill_is_started_followed_and_listed(fed: Installation) -> None:
    begun = fed.run("backfill", "start", "--from", days_ago(6), "--to", days_ago(5), "--stream", "trips", "--wait")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    newest = asked(fed, "backfill", "status")

    assert (newest["status"], newest["done_share"]) == ("completed", 1.0)
    assert newest["received"] == newest["inserted"] + newest["replaced"] + newest["duplicates"] > 0
    assert newest["id"] in fed.run("backfill", "list").stdout
    ended = fed.run("backfill", "cancel", newest["id"])
    assert (ended.returncode, "completed already" in ended.stderr) == (1, True)


def test_a_backfill_that_cannot_be_says_why(demo: Installation) -> None:
    eventually(lambda: demo.get("/v1/organisations")["items"], "an organisation")
    times = ("--from", days_ago(1), "--to", days_ago(2))
    for arguments, code, told in ((times, 1, "before end"), ((*times, "--organisation", "nobody"), 2, "Viação")):
        refused = demo.run("backfill", "start", *arguments)
        assert (refused.returncode, told in refused.stderr) == (code, True), refused.stderr


def test_geofences_come_from_files_and_go_into_files(demo: Installation, tmp_path: Path) -> None:
    eventually(lambda: demo.get("/v1/organisations")["items"], "an organisation")
    depots, export = tmp_path / "depots.geojson", tmp_path / "export.geojson"
    point = {"type": "Point", "coordinates": [-43.94, -19.92]}
    depot = {"type": "Feature", "properties": {"name": "Garagem São José", "radius_m": 150}, "geometry": point}
    depots.write_text(json.dumps({"type": "FeatureCollection", "features": [depot]}))

    (made,) = asked(demo, "geofence", "import", str(depots))["geofences"]

    assert asked(demo, "geofence", "list", "--search", "sao jose") == {"geofences": [made]}
    assert made["id"] in demo.run("geofence", "list").stdout
    assert demo.run("geofence", "export", str(export)).returncode == 0
    nowhere = demo.run("geofence", "export", str(tmp_path / "nowhere" / "export.geojson"))
    assert (nowhere.returncode, nowhere.stderr.startswith("error: cannot write")) == (1, True), nowhere.stderr
    (feature,) = json.loads(export.read_text())["features"]
    assert (feature["id"], feature["geometry"]) == (made["id"], point)
    for text, code, told in (("{", 2, "is no GeoJSON"), (json.dumps(depot | {"properties": {}}), 1, "feature 1: ")):
        depots.write_text(text)
        refused = demo.run("geofence", "import", str(depots))
        assert (refused.returncode, told in refused.stderr) == (code, True), refused.stderr


def test_kept_pages_are_read_again_without_a_change(fed: Installation) -> None:
    done = asked(fed, "replay", "raw", "--stream", "trips")

    assert (done["kind"], done["status"]) == ("replay", "succeeded")
    assert done["pages"] > 0
    assert (done["inserted"], done["replaced"]) == (0, 0)


def test_there_is_nothing_to_decide_and_what_there_is_not_is_told(demo: Installation) -> None:
    eventually(lambda: demo.get("/v1/organisations")["items"], "an organisation")

    assert "none" in demo.run("quarantine", "list").stdout
    assert asked(demo, "dead-letters", "list", "--all") == {"dead_letters": []}
    for arguments in (("quarantine", "replay", NOBODY), ("dead-letters", "replay", "telemetry-throughput", NOBODY)):
        refused = demo.run(*arguments)
        assert (refused.returncode, "not_found" in refused.stderr) == (1, True)


def test_what_an_event_type_means_is_said_and_taken_back(fed: Installation) -> None:
    types = asked(fed, "event-types", "list", "--classification", "driving_infraction")["event_types"]
    below_zero = next(one["id"] for one in types if one["id"].startswith("-"))

    said = asked(fed, "event-types", "classify", below_zero, "safety", "--reason", "combinado")
    assert (said["id"], said["classification"]) == (below_zero, "safety")
    assert below_zero in fed.run("event-types", "list", "--classification", "safety").stdout
    assert asked(fed, "event-types", "classify", below_zero, "stock")["classification"] == "driving_infraction"
    changes = asked(fed, "event-types", "history", below_zero)["changes"]
    assert [(one["after"], one["reason"]) for one in changes] == [("driving_infraction", None), ("safety", "combinado")]
    refused = fed.run("event-types", "classify", "1", "safety")
    assert (refused.returncode, "not_found" in refused.stderr) == (1, True)


def test_what_vehicles_are_due_for_is_listed(fed: Installation) -> None:
    assert set(asked(fed, "maintenance", "list", "--status", "overdue")) == {"maintenance"}
    refused = fed.run("maintenance", "list", "--group", "-404")
    assert (refused.returncode, "not_found" in refused.stderr) == (1, True)


async def an_alert_was_raised() -> Alert:
    """A rule that sleeps, so that the running worker adds nothing, and an alert of it."""
    content = RuleContent(name="Freada", condition=EventOfType(HARSH_EVENTS), active=False)
    rule = new_rule(new_id(), content, NOON, others=0)
    alert = an_alert(rule_id=rule.id, severity=Severity.CRITICAL)
    async with open_database(operator_settings("operator"), "test") as container:
        (organisation,) = await container.organisations().all()
        async with container.units()(organisation.id) as unit:
            await unit.alert_rules.save(rule)
            await unit.alerts.save([alert])
            await unit.commit()
    return alert


def test_alerts_are_listed_acknowledged_and_resolved(fed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRILHA_DATA_DIR", str(fed.folder))
    alert = asyncio.run(an_alert_was_raised())
    alert_id = str(alert.id)

    (rule,) = asked(fed, "alert-rules", "list")["alert_rules"]
    assert (rule["id"], rule["condition"]["type"]) == (str(alert.rule_id), "harsh_driving")
    (listed,) = asked(fed, "alerts", "list", "--state", "raised", "--severity", "critical")["alerts"]
    assert (listed["id"], listed["times"], listed["vehicle_id"]) == (alert_id, 1, str(alert.vehicle_id))
    assert alert_id in fed.run("alerts", "list").stdout

    said = asked(fed, "alerts", "ack", alert_id, "--note", "ligando")
    assert (said["state"], said["acknowledged_note"]) == ("acknowledged", "ligando")
    over = asked(fed, "alerts", "resolve", alert_id)
    assert (over["state"], over["acknowledged_note"], over["resolved_by"]) == ("resolved", "ligando", "operator")
    for arguments, told in ((("ack", alert_id), "monitoring.alert_resolved"), (("resolve", NOBODY), "not_found")):
        refused = fed.run("alerts", *arguments)
        assert (refused.returncode, told in refused.stderr) == (1, True), refused.stderr


def test_a_report_is_made_here_or_by_the_workers_and_comes_again(fed: Installation, tmp_path: Path) -> None:
    days = ("--from", days_ago(6), "--to", days_ago(0))
    piped = fed.run("report", "run", "trips", *days)
    file = tmp_path / "viagens.csv"
    made = fed.run("report", "start", "trips", *days, "--wait", "--output", str(file))

    assert (piped.returncode, made.returncode) == (0, 0), piped.stderr + made.stderr
    assert file.read_text("utf-8-sig").splitlines()[0] == piped.stdout.removeprefix("\ufeff").splitlines()[0]
    assert len(file.read_text().splitlines()) > 1
    (newest, *_) = asked(fed, "report", "jobs")["jobs"]
    assert (newest["status"], newest["format"]) == ("done", "csv")
    again = tmp_path / "again.csv"
    assert fed.run("report", "download", newest["id"], "--output", str(again)).returncode == 0
    assert again.read_bytes() == file.read_bytes()
    assert "reporting.job_ended" in fed.run("report", "cancel", newest["id"]).stderr

    planned = asked(fed, "report", "schedule", "add", "Toda segunda", "ranking", "--every", "week", "--on", "monday")
    assert (planned["rhythm"], planned["weekday"], planned["at"]) == ("weekly", 1, "06:00")
    assert planned["id"] in fed.run("report", "schedule", "list").stdout
    assert fed.run("report", "schedule", "remove", planned["id"]).returncode == 0
    assert asked(fed, "report", "schedule", "list") == {"schedules": []}


def test_a_report_that_cannot_be_leaves_no_file(fed: Installation, tmp_path: Path) -> None:
    file = tmp_path / "infractions.xlsx"
    refused = fed.run("report", "run", "infractions", "--output", str(file))
    assert (refused.returncode, "driver_id" in refused.stderr) == (1, True)
    nowhere = fed.run("report", "run", "ranking", "--output", str(tmp_path / "nowhere" / "file.csv"))
    assert (nowhere.returncode, "--output" in nowhere.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
