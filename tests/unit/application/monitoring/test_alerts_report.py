"""The report of alerts: each once, on the day it was raised by the organisation's clocks, the last one first."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.adapters.memory import MemoryAlertQueries, MemoryDepot, MemoryRoster
from trilha.application.monitoring.alerts_report import WORDS, AlertsReport
from trilha.application.ports import MAX_LIMIT
from trilha.domain.fleet import Driver, Group, Vehicle
from trilha.domain.kernel import DayRange, DriverId, GroupId, NotFound, VehicleId
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Alert,
    AlertState,
    EventOfType,
    Evidence,
    EvidenceKind,
    RuleContent,
    Said,
    Severity,
    new_rule,
)
from trilha.domain.reporting import LANGUAGES, ReportHead, ReportRequest

BRASILIA = timezone(timedelta(hours=-3))
TENTH = DayRange(date(2026, 3, 10), date(2026, 3, 10))
ANA, STRANGER = DriverId(3), DriverId(99)
BUS, VAN, UNKNOWN = VehicleId(7), VehicleId(-8), VehicleId(44)
ROOT, SOUTH = GroupId(1), GroupId(2)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=BRASILIA)


class Shelf:
    """Alerts of one rule, and the report of them."""

    def __init__(self, here: Installation) -> None:
        self._here = here
        content = RuleContent(name="Freada brusca", condition=EventOfType(HARSH_EVENTS), severity=Severity.CRITICAL)
        self._rule = new_rule(here.ids.new(), content, here.clock.now(), others=0)
        here.tables.master["groups"] = {1: Group(ROOT, "Raiz"), 2: Group(SOUTH, "Sul", parent_id=ROOT)}
        here.tables.master["drivers"] = {ANA: Driver(ANA, "Ana", group_id=ROOT)}
        here.tables.master["vehicles"] = {
            BUS: Vehicle(BUS, "Ônibus 7", group_id=SOUTH),
            VAN: Vehicle(VAN, "Van", group_id=ROOT),
        }

    def put(self, raised_at: datetime, vehicle_id: VehicleId, driver_id: DriverId | None, **changes: object) -> None:
        """One more alert."""
        evidence = Evidence(EvidenceKind.EVENT, 1, raised_at, None, None, 4.5, 4.0, None)
        alert = Alert(
            id=self._here.ids.new(),
            rule_id=self._rule.id,
            rule_name=self._rule.content.name,
            rule_version=0,
            severity=Severity.CRITICAL,
            vehicle_id=vehicle_id,
            driver_id=driver_id,
            raised_at=raised_at,
            last_seen_at=raised_at,
            evidence=evidence,
        )
        self._here.tables.alerts[alert.id] = msgspec.structs.replace(alert, **changes)

    async def read(self, **asked: object) -> tuple[ReportHead, list[dict[str, object]]]:
        """The report, its rows by the columns' keys."""
        here = self._here
        source = AlertsReport(
            alerts=MemoryAlertQueries(here.database),
            depot=MemoryDepot(here.database),
            roster=MemoryRoster(here.database),
            organisations=here.organisations,
            clock=here.clock,
            zone_of=ZoneInfo,
        )
        request = ReportRequest(**{"kind": "alerts", "days": TENTH, **asked})  # type: ignore[arg-type] # by name
        report = await source.open(ORGANISATION_ID, request)
        keys = [column.key for column in report.head.columns]
        return report.head, [dict(zip(keys, row, strict=True)) async for row in report.rows]


@pytest.fixture
def shelf(here: Installation) -> Shelf:
    shelf = Shelf(here)
    shelf.put(at(9, 23), BUS, ANA)
    shelf.put(at(10, 0), BUS, ANA, times=3, last_seen_at=at(10, 2))
    ended = Said(at(10, 9), None)
    shelf.put(at(10, 8), VAN, None, state=AlertState.RESOLVED, resolved=ended, acknowledged=Said(at(10, 8), "rui"))
    shelf.put(at(10, 23), UNKNOWN, STRANGER, state=AlertState.RESOLVED, resolved=Said(at(11, 5), "bia"))
    shelf.put(at(11, 0), BUS, ANA)
    return shelf


async def test_each_alert_is_a_row_of_the_day_it_was_raised(shelf: Shelf) -> None:
    head, rows = await shelf.read()
    assert (head.title, head.organisation, head.facts) == (
        "Alertas",
        "Viação",
        (("Período analisado", "10/03/2026 - 10/03/2026"),),
    )
    assert [row["raised_at"] for row in rows] == [at(10, 23), at(10, 8), at(10, 0)]
    assert [row["vehicle"] for row in rows] == ["44", "Van", "Ônibus 7"]
    assert [row["driver"] for row in rows] == ["99", None, "Ana"]
    assert [row["resolved_by"] for row in rows] == ["bia", "por si", None]
    assert [row["state"] for row in rows] == ["resolvido", "resolvido", "emitido"]
    assert rows[1]["acknowledged_by"] == "rui"
    first = rows[2]
    assert (
        first["rule"],
        first["severity"],
        first["times"],
        first["value"],
        first["limit"],
        first["last_seen_at"],
    ) == (
        "Freada brusca",
        "crítico",
        3,
        4.5,
        4.0,
        at(10, 2),
    )


async def test_it_is_asked_for_a_vehicle_a_driver_or_a_group(shelf: Shelf) -> None:
    for asked, expected in (
        ({"vehicle_id": VAN}, ["Van"]),
        ({"driver_id": ANA}, ["Ônibus 7"]),
        ({"group_id": SOUTH}, ["Ônibus 7"]),
        ({"group_id": ROOT}, ["Van", "Ônibus 7"]),
        ({"driver_id": ANA, "vehicle_id": VAN}, []),
    ):
        _, rows = await shelf.read(**asked)
        assert [row["vehicle"] for row in rows] == expected
    for nobody in ({"vehicle_id": UNKNOWN}, {"driver_id": STRANGER}, {"group_id": GroupId(404)}):
        with pytest.raises(NotFound):
            await shelf.read(**nobody)


async def test_it_is_read_to_its_end(shelf: Shelf) -> None:
    for number in range(MAX_LIMIT):
        shelf.put(at(10, 12) + timedelta(seconds=number), BUS, ANA)
    _, rows = await shelf.read()
    assert len(rows) == MAX_LIMIT + 3


def test_it_says_the_same_in_both_languages() -> None:
    assert set(WORDS) == set(LANGUAGES)
    (words, *others) = [set(one) for one in WORDS.values()]
    assert all(other == words for other in others)
