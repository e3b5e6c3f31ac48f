"""One token for all: single flight, rotation persisted before use, and what refusals say."""

import asyncio
from datetime import timedelta

import httpx
import msgspec
import pytest

from trilha.adapters.memory import MemoryRateLimiter, MemoryTokenStore
from trilha.adapters.mix import ClientAuth, MixCredentials
from trilha.adapters.mix.session import REFUSED_PAUSE
from trilha.application.ports import SourceToken
from trilha.domain.kernel import SourceRefused, SourceUnavailable
from trilha.simulators.mix import ClockChange, Fault, FaultKind, Route

from .conftest import NOW


async def eventually(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0)


async def test_fifty_callers_share_one_token_request(mix, calls):
    await asyncio.gather(*(mix.organisations() for _ in range(50)))
    assert calls(Route.TOKEN) == 1


async def test_no_call_is_granted_before_there_is_a_token(open_client, database, simulator, clock):
    """A granted call goes out at once, or many that waited for a token would arrive together."""

    class Noting(MemoryRateLimiter):
        async def acquire(self, key, priority):
            tokens.append(simulator.calls()[Route.TOKEN].calls)
            await super().acquire(key, priority)

    tokens = []
    async with open_client(rate_limiter=Noting(database, [])) as mix:
        await asyncio.gather(*(mix.organisations() for _ in range(5)))
        clock.advance(timedelta(hours=1))
        await asyncio.gather(*(mix.organisations() for _ in range(5)))
    assert tokens == [1] * 5 + [2] * 5


async def test_fifty_callers_share_one_renewal(mix, simulator, calls):
    await mix.organisations()
    simulator.revoke_tokens(access=True)
    await asyncio.gather(*(mix.organisations() for _ in range(50)))
    assert calls(Route.TOKEN) == 2


async def test_fifty_callers_share_one_failure(mix, simulator, calls):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, html_identity=True)
    outcomes = await asyncio.gather(*(mix.organisations() for _ in range(10)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {SourceUnavailable}
    assert calls(Route.TOKEN) == 3


async def test_two_processes_share_one_token(open_client, calls, database):
    async with open_client() as one, open_client() as two:
        await asyncio.gather(*(client.organisations() for client in (one, two) for _ in range(5)))
        assert calls(Route.TOKEN) == 1
        [token] = database.tokens.values()
        assert token.version == 1


async def test_two_processes_share_one_renewal(open_client, simulator, calls, clock):
    async with open_client() as one, open_client() as two:
        await asyncio.gather(one.organisations(), two.organisations())
        clock.advance(timedelta(hours=1))
        await asyncio.gather(*(client.organisations() for client in (one, two) for _ in range(5)))
    assert calls(Route.TOKEN) == 2
    assert simulator.calls()[Route.TOKEN].statuses == {200: 2}


async def test_the_token_outlives_the_process(open_client, calls):
    for _ in range(3):
        async with open_client() as client:
            await client.organisations()
    assert calls(Route.TOKEN) == 1


async def test_a_token_is_renewed_a_minute_before_its_end(mix, clock, calls):
    await mix.organisations()
    clock.advance_to(NOW + timedelta(seconds=3600 - 61))
    await mix.organisations()
    assert calls(Route.TOKEN) == 1
    clock.advance_to(NOW + timedelta(seconds=3600 - 60))
    await mix.organisations()
    assert calls(Route.TOKEN) == 2


@pytest.mark.parametrize("auth", list(ClientAuth))
async def test_both_forms_of_client_authentication(open_client, settings, clock, auth):
    async with open_client(msgspec.structs.replace(settings, client_auth=auth)) as mix:
        assert await mix.organisations()
        clock.advance(timedelta(hours=1))
        assert await mix.organisations()


async def test_a_refresh_token_rotates_and_is_spent_once(mix, clock, database, simulator):
    used = set()
    for _ in range(4):
        await mix.organisations()
        [token] = database.tokens.values()
        used.add(token.refresh_token)
        clock.advance(timedelta(hours=1))
    assert len(used) == 4
    assert simulator.calls()[Route.TOKEN].statuses == {200: 4}


async def test_a_refused_refresh_falls_back_to_the_password(mix, clock, simulator):
    await mix.organisations()
    simulator.revoke_tokens(access=True, refresh=True)
    clock.advance(timedelta(hours=1))
    assert await mix.organisations()
    assert simulator.calls()[Route.TOKEN].statuses == {200: 2, 400: 1}


async def test_without_refresh_tokens_the_password_serves(mix, clock, simulator):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, refresh_tokens=False)
    await mix.organisations()
    clock.advance(timedelta(hours=1))
    await mix.organisations()
    assert simulator.calls()[Route.TOKEN].statuses == {200: 2}


async def test_a_token_shorter_than_the_margin_is_used_and_not_asked_for_without_end(mix, simulator, calls):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, expires_in_s=30)
    await mix.organisations()
    await mix.organisations()
    assert calls(Route.TOKEN) == 2


class Watched(MemoryTokenStore):
    """Notes what had been asked of the API when a token was stored."""

    def __init__(self, database, calls) -> None:
        super().__init__(database)
        self._calls = calls
        self.asked_before_save = []

    async def save(self, key, token):
        self.asked_before_save.append(self._calls(Route.ORGANISATIONS))
        return await super().save(key, token)


async def test_a_token_is_stored_before_it_is_used(open_client, database, calls, clock):
    store = Watched(database, calls)
    async with open_client(token_store=store) as mix:
        await mix.organisations()
        clock.advance(timedelta(hours=1))
        await mix.organisations()
    assert store.asked_before_save == [0, 1]


async def test_the_lock_of_a_dead_process_passes(mix, settings, store, clock, calls):
    await store.lock(settings.key, "killed", clock.now() + timedelta(minutes=2))
    assert await mix.organisations()
    assert clock.now() >= NOW + timedelta(minutes=2)
    assert calls(Route.TOKEN) == 1
    assert await store.lock(settings.key, "somebody else", clock.now() + timedelta(minutes=2))


async def test_a_token_of_another_process_is_taken_while_waiting_for_its_lock(mix, settings, store, clock, simulator):
    """The other one dies after it stored the token, before it unlocks."""
    form = {"grant_type": "password", "scope": "offline_access MiX.Integrate"}
    form |= {"username": settings.credentials.username, "password": settings.credentials.password}
    pair = (settings.credentials.client_id, settings.credentials.client_secret)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = (await http.post(f"{simulator.identity_url}/connect/token", data=form, auth=pair)).json()
    await store.lock(settings.key, "killed", clock.now() + timedelta(minutes=2))
    reading = asyncio.create_task(mix.organisations())
    await eventually(lambda: clock.now() > NOW + timedelta(seconds=1))
    await store.save(
        settings.key, SourceToken(answer["access_token"], answer["refresh_token"], NOW + timedelta(hours=1), 1)
    )
    assert await reading
    assert simulator.calls()[Route.TOKEN].calls == 1
    assert clock.now() < NOW + timedelta(minutes=2)


async def test_a_caller_that_gives_up_leaves_the_renewal_to_the_others(mix, simulator, calls):
    simulator.faults.add(Fault(kind=FaultKind.SLOW, route=Route.TOKEN, wait_s=0.1))
    impatient, patient = (asyncio.create_task(mix.organisations()) for _ in range(2))
    await eventually(lambda: calls(Route.TOKEN))
    impatient.cancel()
    assert await patient
    assert calls(Route.TOKEN) == 1


async def test_a_closed_client_renews_no_more(open_client, simulator, calls):
    before = asyncio.all_tasks()
    async with open_client() as mix:
        simulator.faults.add(Fault(kind=FaultKind.SILENT, route=Route.TOKEN))
        caller = asyncio.create_task(mix.organisations())
        await eventually(lambda: calls(Route.TOKEN))
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
    assert not {task for task in asyncio.all_tasks() - before if "renewed" in task.get_coro().__qualname__}


async def test_html_from_the_identity_host_passes(mix, simulator, calls):
    simulator.faults.add(Fault(kind=FaultKind.HTML, times=2))
    assert await mix.organisations()
    assert calls(Route.TOKEN) == 3


@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER_ERROR, FaultKind.CUT_BODY, FaultKind.TRUNCATED_JSON, FaultKind.TOO_MANY_REQUESTS]
)
async def test_faults_of_the_identity_host_pass(mix, simulator, calls, kind):
    simulator.faults.add(Fault(kind=kind, route=Route.TOKEN, times=2))
    assert await mix.organisations()
    assert calls(Route.TOKEN) == 3


async def test_an_identity_host_that_talks_nonsense_is_unavailable(mix, simulator, calls):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, html_identity=True)
    with pytest.raises(SourceUnavailable, match="text/html"):
        await mix.organisations()
    assert (calls(Route.TOKEN), calls(Route.ORGANISATIONS)) == (3, 0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"password": "wrong-one"}, ["invalid_grant", "TRILHA_MIX_USERNAME", "TRILHA_MIX_PASSWORD"]),
        ({"username": "who@viacao.example"}, ["invalid_grant", "TRILHA_MIX_USERNAME"]),
        ({"client_id": "unknown"}, ["invalid_client", "TRILHA_MIX_CLIENT_ID", "TRILHA_MIX_CLIENT_SECRET"]),
        ({"client_secret": "wrong-one"}, ["invalid_client", "TRILHA_MIX_CLIENT_SECRET"]),
    ],
)
async def test_wrong_credentials_name_the_settings_to_check(open_client, settings, calls, change, named):
    wrong: MixCredentials = msgspec.structs.replace(settings.credentials, **change)
    async with open_client(msgspec.structs.replace(settings, credentials=wrong)) as mix:
        with pytest.raises(SourceRefused) as caught:
            await mix.organisations()
    assert all(word in str(caught.value) for word in named)
    assert not any(secret in str(caught.value) for secret in change.values() if secret != "unknown")
    assert calls(Route.TOKEN) == 1


async def test_an_application_without_the_password_grant_is_told_so(mix, simulator):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, allow_password_grant=False)
    with pytest.raises(SourceRefused, match=r"unauthorized_client.*TRILHA_MIX_CLIENT_ID"):
        await mix.organisations()


async def test_the_clock_of_the_server_decides(mix, simulator, calls):
    """A token that we think is alive and the server does not: one renewal, one repetition."""
    await mix.organisations()
    simulator.change_clock(ClockChange(advance_s=7200))
    assert await mix.organisations()
    assert calls(Route.TOKEN) == 2


async def test_a_refused_login_is_not_tried_again_for_a_while(open_client, settings, calls, clock):
    """Hosts lock users who fail too often, and a job runs every minute."""
    wrong = msgspec.structs.replace(settings.credentials, password="wrong-one")
    async with open_client(msgspec.structs.replace(settings, credentials=wrong)) as mix:
        for _ in range(5):
            with pytest.raises(SourceRefused, match="TRILHA_MIX_PASSWORD"):
                await mix.organisations()
        assert calls(Route.TOKEN) == 1
        clock.advance(REFUSED_PAUSE)
        with pytest.raises(SourceRefused):
            await mix.organisations()
    assert calls(Route.TOKEN) == 2
