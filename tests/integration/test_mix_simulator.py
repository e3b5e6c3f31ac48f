"""The simulator over a real socket, asked by a plain HTTP client that knows the contract."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from trilha.simulators.mix import ClockChange, LateEvents, MixSimulator, Scenario
from trilha.simulators.mix.stream import write_token
from trilha.simulators.mix.timeline import to_ms
from trilha.simulators.mix.truth import Truth, fold
from trilha.simulators.mix.wire import Event

NOW = datetime(2026, 3, 10, 14, 30, 15, 250_000, tzinfo=UTC)
SCENARIO = Scenario(epoch=NOW - timedelta(days=6.5), vehicles=20)
SCOPE = "offline_access MiX.Integrate"


@pytest.fixture
async def simulator():
    async with MixSimulator(SCENARIO, clock=lambda: NOW) as running:
        yield running


@pytest.fixture
async def client(simulator):
    async with httpx.AsyncClient(base_url=simulator.api_url, trust_env=False) as plain:
        yield plain


def password_form(**changes):
    login = SCENARIO.login
    form = {"grant_type": "password", "username": login.username, "password": login.password, "scope": SCOPE}
    return form | {"client_id": login.client_id, "client_secret": login.client_secret} | changes


async def sign_in(client):
    answer = await client.post("/core/connect/token", data=password_form())
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def bearer(client):
    return await sign_in(client)


def since_path(simulator, token, quantity=1000, organisation=None):
    group = organisation or simulator.organisation_id
    return f"/api/events/groups/createdsince/organisation/{group}/sincetoken/{token}/quantity/{quantity}"


async def read_all(simulator, client, bearer, token, quantity=1000):
    """Pages until there is no more, as a correct consumer reads them."""
    pages = []
    while True:
        answer = await client.get(since_path(simulator, token, quantity), headers=bearer)
        pages.append(answer)
        token = answer.headers["GetSinceToken"]
        if answer.headers["HasMoreItems"] != "True":
            return pages


def events_of(pages):
    return [event for page in pages if page.content for event in msgspec.json.decode(page.content, type=list[Event])]


def held(events):
    return fold({event.event_id: event for event in events}.values(), len(events))


async def test_discovery_names_the_token_endpoint(simulator, client):
    document = (await client.get("/core/.well-known/openid-configuration")).json()
    assert document["token_endpoint"] == f"{simulator.identity_url}/connect/token"


async def test_both_forms_of_client_authentication(client):
    login = SCENARIO.login
    basic = password_form()
    del basic["client_id"], basic["client_secret"]
    for answer in (
        await client.post("/core/connect/token", data=password_form()),
        await client.post("/core/connect/token", data=basic, auth=(login.client_id, login.client_secret)),
    ):
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"
        assert answer.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "wrong"}, "invalid_grant"),
        ({"username": "nobody"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_token_errors(client, changes, error):
    answer = await client.post("/core/connect/token", data=password_form(**changes))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_refresh_token_works_once(client):
    first = (await client.post("/core/connect/token", data=password_form())).json()["refresh_token"]
    form = password_form(grant_type="refresh_token", refresh_token=first)
    second = await client.post("/core/connect/token", data=form)
    again = await client.post("/core/connect/token", data=form)
    assert second.json()["refresh_token"] != first
    assert again.json()["error"] == "invalid_grant"


async def test_no_refresh_token_without_the_scope(client):
    answer = await client.post("/core/connect/token", data=password_form(scope="MiX.Integrate"))
    assert "refresh_token" not in answer.json()


async def test_an_access_token_expires_by_the_simulated_clock(simulator, client, bearer):
    assert (await client.get("/api/organisationgroups", headers=bearer)).status_code == 200
    simulator.change_clock(ClockChange(advance_s=3600))
    assert (await client.get("/api/organisationgroups", headers=bearer)).status_code == 401


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer forged", "Basic abc"])
async def test_every_api_route_wants_a_bearer(simulator, client, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    paths = ("/version", "/api/organisationgroups", since_path(simulator, "NEW"), "/api/nothing")
    answers = [await client.get(path, headers=headers) for path in paths]
    assert [answer.status_code for answer in answers] == [401] * len(paths)


@pytest.mark.parametrize(
    "path",
    [
        "/api/organisationgroups/subgroups/{}",
        "/api/organisationgroups/group/{}",
        "/api/organisationgroups/details/{}",
        "/api/assets/group/{}",
        "/api/assets/{}",
        "/api/drivers/organisation/{}",
        "/api/drivers/group/{}",
        "/api/libraryevents/organisation/{}",
        "/api/events/groups/createdsince/organisation/{}/sincetoken/NEW/quantity/10",
    ],
)
async def test_an_id_that_is_not_ours_is_401_in_the_vendors_words(simulator, client, bearer, path):
    rounded = int(float(simulator.organisation_id + 1))
    assert rounded != simulator.organisation_id
    answer = await client.get(path.format(rounded), headers=bearer)
    assert (answer.status_code, answer.text) == (401, "UnauthorizedAccessException: Not Authorised")


async def test_master_data_by_organisation_and_by_site(simulator, client, bearer):
    organisation = simulator.organisation_id
    tree = (await client.get(f"/api/organisationgroups/subgroups/{organisation}", headers=bearer)).json()
    sites = [site["GroupId"] for garage in tree["SubGroups"] for site in garage["SubGroups"] or [garage]]
    for kind, key, number in (("assets", "AssetId", 20), ("drivers", "DriverId", 90)):
        whole = "group" if kind == "assets" else "organisation"
        all_ids = {
            item[key] for item in (await client.get(f"/api/{kind}/{whole}/{organisation}", headers=bearer)).json()
        }
        answers = [await client.get(f"/api/{kind}/group/{site}", headers=bearer) for site in sites]
        by_site = [item[key] for answer in answers if answer.content for item in answer.json()]
        assert len(all_ids) == number
        assert Counter(by_site) == Counter(all_ids)
        simulator.reset_calls()


async def test_history_fits_in_about_ten_pages_and_loses_nothing(simulator, client, bearer):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, calls_per_minute=0)
    start = write_token(to_ms(SCENARIO.epoch))
    pages = await read_all(simulator, client, bearer, start, quantity=300)
    assert [page.status_code for page in pages[:-1]] == [206] * (len(pages) - 1)
    assert pages[-1].status_code in {200, 204}
    sizes = [len(page.json()) for page in pages[:-1]]
    assert max(sizes) > 300
    assert min(sizes) < 200
    assert held(events_of(pages)) == simulator.truth(until=NOW.replace(microsecond=0))


async def test_a_restart_gives_the_same_bytes(simulator, client, bearer):
    path = since_path(simulator, write_token(to_ms(NOW - timedelta(days=3))))
    before = await client.get(path, headers=bearer)
    async with (
        MixSimulator(SCENARIO, clock=lambda: NOW + timedelta(seconds=40)) as second,
        httpx.AsyncClient(base_url=second.api_url, trust_env=False) as again,
    ):
        assert (await again.get(path, headers=bearer)).status_code == 401
        after = await again.get(path, headers=await sign_in(again))
    assert (before.status_code, before.content) == (after.status_code, after.content)
    assert before.headers["GetSinceToken"] == after.headers["GetSinceToken"]


async def test_new_brings_no_history_and_then_what_is_new(simulator, client, bearer):
    first = await client.get(since_path(simulator, "NEW"), headers=bearer)
    assert (first.status_code, first.content, first.headers["HasMoreItems"]) == (204, b"", "False")
    assert first.headers["GetSinceToken"] == "20260310143015000"
    made = simulator.add_late_events(LateEvents(count=2, late_by_s=86_400 * 9))
    simulator.change_clock(ClockChange(advance_s=1))
    second = await client.get(since_path(simulator, first.headers["GetSinceToken"]), headers=bearer)
    ids = {event.event_id for event in events_of([second])}
    assert second.status_code == 200
    assert ids >= {event.event_id for event in made}
    assert held(events_of([second])) == simulator.truth(NOW.replace(microsecond=0), NOW.replace(second=16))


@pytest.mark.parametrize(
    ("token", "quantity", "status", "text"),
    [
        ("20260303143014000", "1000", 400, "ArgumentException: SinceToken must not be older than 7 days"),
        ("20260303143016", "10", 206, "["),
        ("now", "10", 400, "ArgumentException: SinceToken"),
        ("20261310143014000", "10", 400, "ArgumentException: SinceToken"),
        ("NEW", "1001", 400, "ArgumentException: Quantity"),
        ("NEW", "0", 400, "ArgumentException: Quantity"),
        ("", "10", 404, "HttpResponseException"),
    ],
)
async def test_arguments_of_the_stream(simulator, client, bearer, token, quantity, status, text):
    answer = await client.get(since_path(simulator, token, quantity), headers=bearer)
    assert answer.status_code == status
    assert answer.text.startswith(text)


async def test_a_filter_takes_plain_and_quoted_ids_and_moves_the_token_on(simulator, client, bearer):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, calls_per_minute=0)
    token = write_token(to_ms(SCENARIO.epoch))
    wanted = [4750800303282680186, "6454149451280645233"]
    found = []
    while True:
        answer = await client.post(since_path(simulator, token, 50), headers=bearer, json=wanted)
        found += events_of([answer])
        token = answer.headers["GetSinceToken"]
        if answer.headers["HasMoreItems"] == "False":
            break
    everything = events_of(await read_all(simulator, client, bearer, write_token(to_ms(SCENARIO.epoch))))
    expected = {event.event_id for event in everything if event.event_type_id in {int(one) for one in wanted}}
    assert {event.event_id for event in found} == expected


@pytest.mark.parametrize("body", [b"null", b'{"EventTypeIds":[1]}', b"", b'["x"]'])
async def test_a_filter_of_another_shape_is_refused(simulator, client, bearer, body):
    answer = await client.post(since_path(simulator, "NEW"), headers=bearer, content=body)
    assert (answer.status_code, "list not supplied" in answer.text) == (400, True)


async def test_the_quota_is_per_minute_and_per_hour(simulator, client, bearer):
    answers = [await client.get("/version", headers=bearer) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].text.startswith("API calls quota exceeded")
    assert answers[-1].headers["Retry-After"] == "60"
    simulator.change_clock(ClockChange(advance_s=60))
    assert (await client.get("/version", headers=bearer)).status_code == 200
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, calls_per_minute=0, calls_per_hour=21)
    refused = await client.get("/version", headers=bearer)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(3600 - 60))
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, retry_after=False)
    assert "Retry-After" not in (await client.get("/version", headers=bearer)).headers


async def test_gzip_only_when_asked(simulator, client, bearer):
    path = f"/api/libraryevents/organisation/{simulator.organisation_id}"
    plain = await client.get(path, headers=bearer | {"Accept-Encoding": "identity"})
    packed = await client.get(path, headers=bearer | {"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.content == packed.content
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, gzip=False)
    refused = await client.get(path, headers=bearer | {"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in refused.headers


async def test_nulls_are_left_out_unless_asked_for(simulator, client, bearer):
    path = f"/api/drivers/organisation/{simulator.organisation_id}"
    assert b"null" not in (await client.get(path, headers=bearer)).content
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, explicit_nulls=True)
    answer = (await client.get(path, headers=bearer)).json()
    assert len({frozenset(driver) for driver in answer}) == 1
    assert any(driver["EmployeeNumber"] is None for driver in answer)


def test_truth_type_is_what_the_side_door_sends(simulator):
    sent = msgspec.json.encode(simulator.truth())
    assert msgspec.json.decode(sent, type=Truth).events > 0
