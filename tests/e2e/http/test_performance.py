"""Infractions, forms, scores, rankings, days and stops over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.driving import ANA, BIA, BRAKING, BUS, LINE, NOW, SPEEDING, Company, at, drive_weeks
from tests.e2e.http.conftest import AUTHORIZED
from tests.e2e.http.test_refusals import problem
from tests.e2e.http.world import memory_parts, running

TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
INFRACTIONS = f"/v1/drivers/{ANA}/infractions"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RULE = {"key": "a", "measure": "per_100_km", "weight": 1, "cap": 1}
FORMS = f"/v1/drivers/{ANA}/guidance-forms"


@pytest.fixture(scope="module")
def company() -> Company:
    company = Company()
    drive_weeks(company)
    company.trip(at(TODAY), end_latitude_deg=-15.8, end_longitude_deg=-47.9)
    company.trip(at(TODAY, 11), driver=BIA)
    company.event(SPEEDING, at(YESTERDAY), count=3, duration_s=600)
    return company


@pytest.fixture(scope="module")
def client(company: Company) -> Iterator[httpx.Client]:
    with (
        running(memory_parts(company.database)) as address,
        httpx.Client(base_url=address, headers=AUTHORIZED) as client,
    ):
        yield client


def got(client: httpx.Client, path: str, **asked: object) -> Any:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_infractions_by_reference_and_by_free_days(client: httpx.Client) -> None:
    shown = got(client, INFRACTIONS, reference=TODAY.isoformat())
    assert shown["driver"] == {
        "id": "11",
        "name": "Ana Conceição",
        "badge": "B-11",
        "is_person": True,
        "active": True,
    }
    assert [column["label"] for column in shown["columns"]] == ["Semana 08.11 a 09.11"]
    assert shown["rows"] == [
        {
            "event_type_id": "-3890646499157906515",
            "description": "Excesso de velocidade",
            "counts": [3],
            "total": 3,
            "severity": "medium",
        }
    ]
    assert got(client, INFRACTIONS) == shown
    free = got(client, INFRACTIONS, **{"from": YESTERDAY.isoformat(), "to": TODAY.isoformat(), "language": "en"})
    assert (free["total"], free["periods"][0]["label"]) == (3, "Week 8 Nov to 9 Nov")
    assert got(client, f"/v1/drivers/{BIA}/infractions", language="en")["message"].startswith("No infractions")


@pytest.mark.parametrize(("ending", "media_type"), [("csv", "text/csv"), ("xlsx", SHEET)])
def test_infractions_as_a_file(client: httpx.Client, ending: str, media_type: str) -> None:
    for answer in (client.get(f"{INFRACTIONS}.{ending}"), client.get(INFRACTIONS, headers={"Accept": media_type})):
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
        assert f"infractions-2025-09-01-2025-11-09.{ending}" in answer.headers["content-disposition"]
    part = client.get(f"{INFRACTIONS}.{ending}", params={"from": "2025-10-01", "to": "2025-10-31"})
    assert "infractions-2025-10-01-2025-10-31" in part.headers["content-disposition"]


def test_infractions_in_a_format_that_nobody_writes_are_not_acceptable(client: httpx.Client) -> None:
    same = [client.get(INFRACTIONS).json(), got(client, INFRACTIONS + ".json")]
    assert same[0] == same[1]
    problem(client.get(INFRACTIONS, headers={"Accept": "image/png"}), 406, "request.not_acceptable")


@pytest.mark.parametrize(
    ("path", "headers"),
    [(INFRACTIONS + ".pdf", {}), (INFRACTIONS, {"Accept": "application/pdf"})],
    ids=["path", "header"],
)
def test_the_form_as_it_would_be_printed(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, params={"language": "en"}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "Guidance_Form_Ana_Conceicao_2025-11-09.pdf" in answer.headers["content-disposition"]
    assert b"language='en'" in answer.content


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/pdf;q=0", "application/json"),
        ("application/json, application/pdf;q=0.1", "application/json"),
        ("text/html, application/pdf;q=0.9, */*;q=0.8", "application/pdf"),
        ("Application/PDF", "application/pdf"),
    ],
)
def test_the_form_is_for_who_wants_it_most(client: httpx.Client, accept: str, media_type: str) -> None:
    assert client.get(INFRACTIONS, headers={"Accept": accept}).headers["content-type"] == media_type


def test_a_form_is_printed_listed_and_found_as_it_was(client: httpx.Client, company: Company) -> None:
    made = client.post(FORMS, json={"reference": TODAY.isoformat()}, headers={"Idempotency-Key": "once"})
    assert made.status_code == 201
    form = made.json()
    assert made.headers["location"] == f"{FORMS}/{form['id']}"
    assert form["pdf"] == f"{FORMS}/{form['id']}.pdf"
    assert client.post(FORMS, json={"reference": TODAY.isoformat()}, headers={"Idempotency-Key": "once"}).json() == form
    before = client.get(form["pdf"])
    assert (before.status_code, before.headers["content-type"]) == (200, "application/pdf")
    more = company.event(BRAKING, at(YESTERDAY))
    again = client.post(FORMS, json={"reference": TODAY.isoformat()}).json()
    company.withdraw(more)
    assert again["corrects_version"] == form["data_version"]
    assert [(one["description"], one["before"], one["after"]) for one in again["corrections"]] == [
        ("Freada brusca", 0, 1)
    ]
    assert client.get(form["pdf"]).content == before.content
    assert got(client, f"{FORMS}/{form['id']}") == form
    assert client.get(f"{FORMS}/{form['id']}", headers={"Accept": "application/pdf"}).content == before.content
    assert got(client, FORMS)["items"] == [again, form]
    first = got(client, FORMS, limit=1)
    assert got(client, FORMS, limit=1, cursor=first["next_cursor"])["items"] == [form]


def test_a_form_about_free_days(client: httpx.Client) -> None:
    asked = {"from": "2025-11-01", "to": "2025-11-03", "language": "en"}
    made = client.post(f"/v1/drivers/{BIA}/guidance-forms", json=asked)
    assert (made.status_code, made.json()["first_day"], made.json()["last_day"]) == (201, "2025-11-01", "2025-11-03")
    assert made.json()["language"] == "en"


def test_a_score_explains_itself(client: httpx.Client) -> None:
    shown = got(client, f"/v1/drivers/{ANA}/score", trend_weeks=2)
    assert sum(one["points"] for one in shown["deductions"]) == pytest.approx(100 - shown["score"])
    assert shown["deductions"][0]["event_types"] == [
        {"id": "-3890646499157906515", "description": "Excesso de velocidade"}
    ]
    assert (shown["first_day"], shown["last_day"], len(shown["trend"])) == ("2025-10-12", "2025-11-08", 2)
    rag = got(client, f"/v1/drivers/{ANA}/score", policy="mix_rag")
    assert (rag["score"], rag["band"]) == (round(600 / 10 / 1400 * 100, 2), "amber")
    assert got(client, f"/v1/drivers/{ANA}/score", policy="geotab")["score"] < 100


def test_the_ranking_stands_beside_the_drivers(client: httpx.Client) -> None:
    shown = got(client, "/v1/drivers/ranking", group_id=LINE, trend_weeks=1)
    assert [(one["rank"], one["driver"]["name"]) for one in shown["items"]] == [(1, "Bia Souza"), (2, "Ana Conceição")]
    assert [len(one["trend"]) for one in shown["items"]] == [1, 1]
    short = got(client, "/v1/drivers/ranking", min_distance_km=9999)
    assert {one["unscored"] for one in short["unranked"]} == {"too_short"}
    assert short["items"] == []
    assert got(client, f"/v1/drivers/{ANA}")["name"] == "Ana Conceição"


def test_days_and_stops(client: httpx.Client) -> None:
    of_driver = got(client, f"/v1/drivers/{ANA}/days")
    assert [one["day"] for one in of_driver["items"]] == [f"2025-11-0{n}" for n in range(1, 10)]
    of_vehicle = got(client, f"/v1/vehicles/{BUS}/days", **{"from": TODAY.isoformat()})
    (today,) = of_vehicle["items"]
    assert (today["trips"], today["stops"], today["first_departure"]) == (2, 1, "2025-11-09T11:00:00Z")
    stops = got(client, f"/v1/vehicles/{BUS}/stops", **{"from": TODAY.isoformat()})["items"]
    assert [(one["kind"], one["duration_s"], one["latitude_deg"]) for one in stops] == [("parked", 7200.0, -15.8)]
    assert got(client, f"/v1/vehicles/{BUS}/stops", **{"from": TODAY.isoformat(), "min_stop_s": 7201})["items"] == []


def test_what_is_decided_is_read_and_written_whole(client: httpx.Client) -> None:
    policy = got(client, "/v1/score-policy")
    assert policy["version"] == 0
    heavier = policy | {"min_distance_km": 25.0}
    decided = client.put("/v1/score-policy", json=heavier)
    assert (decided.status_code, decided.json()) == (200, heavier | {"version": 1})
    assert client.put("/v1/score-policy", json=heavier | {"min_distance_km": 5.0}).status_code == 409
    assert client.put("/v1/score-policy", json=policy | {"version": 1}).json() == policy | {"version": 2}
    settings = got(client, "/v1/performance-settings")
    changed = client.put("/v1/performance-settings", json=settings | {"city": "Brasília"})
    assert changed.json() == settings | {"city": "Brasília", "version": 1} == got(client, "/v1/performance-settings")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/drivers/99/infractions", "not_found"),
        ("/v1/drivers/99/infractions.pdf", "not_found"),
        ("/v1/drivers/99/score", "not_found"),
        ("/v1/drivers/99/days", "not_found"),
        ("/v1/vehicles/99/days", "not_found"),
        ("/v1/vehicles/99/stops", "not_found"),
        ("/v1/drivers/99/guidance-forms", "not_found"),
        (f"{FORMS}/019b1f5e-7d1c-7c3e-9d5a-4c1f0e2b3a4d.pdf", "not_found"),
        (f"{FORMS}/nonsense.pdf", "invalid_value"),
        ("/v1/drivers/ranking?group_id=99", "not_found"),
        (f"{INFRACTIONS}?reference=2025-02-30", "invalid_value"),
        (f"{INFRACTIONS}?reference=2025-02-03&to=2025-02-03", "invalid_value"),
        (f"{INFRACTIONS}?reference=0001-01-01", "invalid_value"),
        (f"{INFRACTIONS}?from=2025-03-01&to=2025-02-01", "invalid_value"),
        (f"{INFRACTIONS}?from=2020-03-01&to=2025-02-01", "performance.range_too_long"),
        (f"{INFRACTIONS}?language=fr", "invalid_value"),
        (f"/v1/drivers/{ANA}/score?policy=best", "invalid_value"),
        (f"/v1/drivers/{ANA}/score?trend_weeks=27", "invalid_value"),
        ("/v1/drivers/ranking?min_distance_km=nan", "invalid_value"),
        (f"/v1/drivers/{ANA}/days?from=2025-01-01&to=2025-06-01", "performance.range_too_long"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(client: httpx.Client, path: str, code: str) -> None:
    answer = client.get(path)
    assert problem(answer, 404 if code == "not_found" else 400, code)


@pytest.mark.parametrize(
    ("path", "change", "told"),
    [
        (
            "/v1/score-policy",
            {"rules": [{"key": "a b", "measure": "per_100_km", "weight": 1, "cap": 1}]},
            "rules/0/key",
        ),
        ("/v1/score-policy", {"rules": [RULE | {"weight": -1}]}, "weight"),
        (
            "/v1/score-policy",
            {"rules": [{"key": "a", "measure": "per_100_km", "weight": 1, "cap": 1}] * 2},
            "of its own",
        ),
        ("/v1/performance-settings", {"guidance": {"pt-BR": "{cpf}", "en": "x"}}, "{cpf}"),
        ("/v1/performance-settings", {"severity": {"low_up_to": 3, "medium_up_to": 2}}, "medium_up_to"),
        ("/v1/performance-settings", {"city": "Bra\nsília"}, "city"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_with_its_place(
    client: httpx.Client, path: str, change: dict[str, Any], told: str
) -> None:
    answer = client.put(path, json=got(client, path) | change)
    assert answer.status_code == 400
    assert told in answer.text


def test_each_shared_path_says_its_methods(client: httpx.Client) -> None:
    for path, methods in ((FORMS, "GET, OPTIONS, POST"), ("/v1/score-policy", "GET, OPTIONS, PUT")):
        assert client.options(path).headers["allow"] == methods


def test_the_paths_are_guarded(client: httpx.Client) -> None:
    for path in (INFRACTIONS, INFRACTIONS + ".pdf", FORMS, "/v1/drivers/ranking", "/v1/score-policy"):
        assert httpx.get(str(client.base_url.join(path))).status_code == 401
