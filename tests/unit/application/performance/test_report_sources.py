"""The rows of the reports, as they leave for any document."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.driving import (
    ANA,
    BIA,
    BRAKING,
    BUS,
    CAIO,
    GARAGE,
    LINE,
    LOOSE,
    NOBODY,
    SPEEDING,
    STRANGER,
    UNKNOWN_BUS,
    VAN,
    Company,
    at,
    drive_weeks,
)
from trilha.application.performance.asked_days import RangeTooLong
from trilha.application.performance.report_sources import report_sources
from trilha.application.performance.report_words import TITLES
from trilha.domain.kernel import DayRange, GroupId, InvalidValue, NotFound
from trilha.domain.reporting import LANGUAGES, ReportHead, ReportRequest, ReportSource

DAYS = DayRange(date(2025, 10, 12), date(2025, 11, 9))
TODAY = date(2025, 11, 9)


def sources(company: Company) -> Mapping[str, ReportSource]:
    return report_sources(depot=company.depot, **company.counting)


async def read(company: Company, kind: str, **asked: Any) -> tuple[ReportHead, list[dict[str, Any]]]:
    request = ReportRequest(**{"kind": kind, "days": DAYS, **asked})
    report = await sources(company)[kind].open(company.id, request)
    keys = [column.key for column in report.head.columns]
    return report.head, [dict(zip(keys, row, strict=True)) async for row in report.rows]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TITLES)
async def test_every_kind_has_its_words_and_its_cells(company: Company, kind: str, language: str) -> None:
    """Also with nothing to show."""
    driver = {"driver_id": ANA} if kind == "infractions" else {}
    head, rows = await read(company, kind, language=language, **driver)
    assert (head.title, head.language, head.organisation) == (TITLES[kind][language], language, "Viação Aurora")
    assert all(column.title for column in head.columns)
    drive_weeks(company)
    company.event(SPEEDING, at(TODAY), count=3)
    company.trip(at(TODAY), 2, standing_time_s=1200.0)
    after, more = await read(company, kind, language=language, **driver)
    assert len(more) > len(rows) or kind in ("ranking", "group_infractions", "utilisation")
    assert {column.key for column in head.columns} <= {column.key for column in after.columns}


def test_kinds_and_titles_are_the_same(company: Company) -> None:
    assert sources(company).keys() == TITLES.keys()


async def test_infractions_of_a_driver(company: Company) -> None:
    company.event(SPEEDING, at(date(2025, 10, 20)), count=3)
    company.event(SPEEDING, at(TODAY), count=2)
    company.event(BRAKING, at(TODAY))
    company.event(LOOSE, at(TODAY), count=7)
    head, rows = await read(company, "infractions", driver_id=ANA)
    assert [column.title for column in head.columns] == [
        "Infração",
        "Outubro/2025",
        "Semana 08.11 a 09.11",
        "Total",
        "Gravidade",
    ]
    assert [list(row.values()) for row in rows] == [
        ["Excesso de velocidade", 3, 2, 5, "Média"],
        ["Freada brusca", 0, 1, 1, "Baixa"],
    ]
    assert ("Matrícula", "B-11") in head.facts
    assert ("Total de ocorrências", "6") in head.facts
    assert any(label.startswith("Ocorrências de tipos sem") and value == "7" for label, value in head.facts)
    assert head.data_version


async def test_a_group_is_shown_whole_and_a_nobody_only_with_something_to_show(company: Company) -> None:
    company.event(SPEEDING, at(TODAY), count=2)
    head, rows = await read(company, "group_infractions", group_id=GARAGE)
    assert [(row["driver"], row["total"]) for row in rows] == [("Ana Conceição", 2), ("Bia Souza", 0)]
    assert [column.title for column in head.columns][3:] == ["Excesso de velocidade", "Total"]
    company.event(BRAKING, at(TODAY), driver=NOBODY)
    company.event(BRAKING, at(TODAY), driver=CAIO)
    _, rows = await read(company, "group_infractions", group_id=GARAGE)
    assert [(row["driver"], row["total"]) for row in rows][2:] == [("Caio Lima", 1), ("Unknown driver", 1)]
    _, rows = await read(company, "group_infractions", group_id=LINE)
    assert [row["driver"] for row in rows] == ["Ana Conceição", "Bia Souza"]


async def test_the_ranking_ends_with_who_has_no_place(company: Company) -> None:
    drive_weeks(company, [ANA])
    company.event(BRAKING, at(TODAY), count=3)
    head, rows = await read(company, "ranking")
    assert [(row["rank"], row["driver"], row["unscored"]) for row in rows] == [
        (1, "Ana Conceição", None),
        (None, "Bia Souza", "nenhuma distância percorrida"),
    ]
    assert 0 < rows[0]["score"] < 100
    assert head.expected_rows == 2


async def test_days_of_drivers_and_vehicles_also_of_strangers(company: Company) -> None:
    company.trip(at(TODAY, 8), 1)
    company.trip(at(TODAY, 10), 1, driver=BIA, vehicle_id=VAN)
    company.trip(at(TODAY, 12), 1, driver=STRANGER, vehicle_id=UNKNOWN_BUS)
    _, rows = await read(company, "driver_days")
    assert [(row["driver_id"], row["driver"], row["day"], row["trips"]) for row in rows] == [
        ("11", "Ana Conceição", TODAY, 1),
        ("12", "Bia Souza", TODAY, 1),
        ("99", "", TODAY, 1),
    ]
    _, rows = await read(company, "vehicle_days")
    assert [(row["vehicle_id"], row["distance_km"]) for row in rows] == [("71", 50.0), ("72", 50.0), ("79", 50.0)]
    _, rows = await read(company, "driver_days", group_id=LINE)
    assert [row["driver"] for row in rows] == ["Ana Conceição", "Bia Souza"]
    _, rows = await read(company, "vehicle_days", vehicle_id=VAN)
    assert [row["vehicle"] for row in rows] == ["Van"]


async def test_trips_and_stops_name_who_drove_what(company: Company) -> None:
    company.trip(at(TODAY, 8), 1, end_latitude_deg=-15.8, end_longitude_deg=-47.9)
    company.trip(at(TODAY, 11), 1, driver=BIA)
    company.trip(at(TODAY, 12), 1, driver=STRANGER, vehicle_id=UNKNOWN_BUS)
    _, rows = await read(company, "trips")
    assert [(row["vehicle"], row["driver"], row["duration_s"]) for row in rows] == [
        ("Ônibus 1", "Ana Conceição", 3600.0),
        ("Ônibus 1", "Bia Souza", 3600.0),
        ("", None, 3600.0),
    ]
    _, rows = await read(company, "trips", driver_id=BIA)
    assert [(row["vehicle"], row["driver"]) for row in rows] == [("Ônibus 1", "Bia Souza")]
    company.trip(at(TODAY + timedelta(days=1), 8), 1)
    _, (stop, night) = await read(company, "stops")
    assert (night["began_at"], night["duration_s"], night["driver"]) == (at(TODAY, 12), 20 * 3600.0, "Bia Souza")
    assert (stop["began_at"], stop["duration_s"], stop["driver"]) == (at(TODAY, 9), 7200.0, "Ana Conceição")
    assert (stop["stop_kind"], stop["latitude_deg"]) == ("Estacionado", -15.8)


async def test_idling_and_utilisation(company: Company) -> None:
    company.trip(at(TODAY, 8), 2, standing_time_s=1800.0)
    company.trip(at(date(2025, 11, 8), 8), 1)
    _, (idle,) = await read(company, "idling")
    assert (idle["day"], idle["standing_s"], idle["idling_percent"]) == (TODAY, 1800.0, 25.0)
    _, rows = await read(company, "utilisation", days=DayRange(date(2025, 11, 8), TODAY))
    used = {row["vehicle"]: (row["days_used"], row["trips"], row["utilisation_percent"]) for row in rows}
    assert used == {"Ônibus 1": (2, 2, round(100 * 2.5 / 48, 2)), "Van": (0, 0, 0.0)}


@pytest.mark.parametrize(
    ("kind", "asked", "refused"),
    [
        ("infractions", {}, "driver_id"),
        ("infractions", {"driver_id": ANA, "group_id": GARAGE}, "group_id"),
        ("ranking", {"driver_id": ANA}, "driver_id"),
        ("group_infractions", {"vehicle_id": BUS}, "vehicle_id"),
        ("vehicle_days", {"driver_id": ANA}, "driver_id"),
        ("trips", {"driver_id": ANA, "vehicle_id": BUS}, "vehicle_id"),
    ],
)
async def test_a_filter_without_use_is_refused(
    company: Company, kind: str, asked: dict[str, int], refused: str
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await read(company, kind, **asked)
    assert refusal.value.field == refused


async def test_what_the_organisation_does_not_have_is_not_found(company: Company) -> None:
    with pytest.raises(NotFound):
        await read(company, "infractions", driver_id=STRANGER)
    with pytest.raises(NotFound):
        await read(company, "ranking", group_id=GroupId(77))


async def test_more_than_a_year_is_refused(company: Company) -> None:
    with pytest.raises(RangeTooLong, match="367"):
        await read(company, "trips", days=DayRange(date(2024, 1, 1), date(2025, 1, 1)))
