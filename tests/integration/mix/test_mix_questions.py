"""What goes wrong with a question about a feed, whichever it is: streams, ranges and amendments fail alike."""

import logging
from datetime import timedelta

import msgspec
import pytest

from trilha.adapters.mix import MixHosts, Timeouts
from trilha.domain.kernel import SourceError, SourceNotPermitted, SourceRefused, SourceUnavailable
from trilha.simulators.mix import Fault, FaultKind, Route, Scenario

from .conftest import NOW, QUESTIONS, RANGES
from .test_mix_secrets import told

FOREIGN = -4242424242424242424
PASSING = [FaultKind.SERVER_ERROR, FaultKind.UNAVAILABLE, FaultKind.CUT_BODY, FaultKind.TRUNCATED_JSON, FaultKind.HTML]


@pytest.fixture
def scenario():
    """Small, for every question is asked often."""
    return Scenario(epoch=NOW - timedelta(days=6), vehicles=3, positions_per_vehicle_per_day=60, amended_share=0.2)


def facts(page):
    """What an answer says, without when it came."""
    return page.body, len(page.rejected)


async def test_an_answer_is_what_the_bytes_say(mix, organisation, question, calls):
    page = await question(mix, organisation)
    assert page.body.startswith(b"[{")
    assert not page.rejected
    assert calls(question.route) == 1


@pytest.mark.parametrize("kind", PASSING)
async def test_a_fault_that_passes_is_waited_out(mix, simulator, organisation, question, clock, calls, kind):
    sound = await question(mix, organisation)
    before = clock.now()
    simulator.faults.add(Fault(kind=kind, route=question.route, times=2))
    assert facts(await question(mix, organisation)) == facts(sound)
    assert calls(question.route) == 4
    # 2 s and 4 s, of each a half for certain and half of the other half by our chance of 0.5.
    assert clock.now() - before == timedelta(seconds=4.5)


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.HTML])
async def test_a_fault_that_stays_is_unavailable(mix, simulator, organisation, question, calls, kind):
    simulator.faults.add(Fault(kind=kind, route=question.route, times=99))
    with pytest.raises(SourceUnavailable, match="3 tries"):
        await question(mix, organisation)
    assert calls(question.route) == 3


async def test_one_401_renews_once_and_repeats_once(mix, simulator, organisation, question, calls):
    simulator.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, route=question.route))
    await question(mix, organisation)
    assert (calls(question.route), calls(Route.TOKEN)) == (2, 2)


async def test_a_second_401_is_about_the_organisation(mix, question, calls):
    with pytest.raises(SourceNotPermitted, match=str(FOREIGN)):
        await question(mix, FOREIGN)
    assert (calls(question.route), calls(Route.TOKEN)) == (2, 2)


@pytest.mark.parametrize(("retry_after_s", "wait_s"), [(17, 17), (None, 60)])
async def test_429_waits_as_told_or_a_minute(
    mix, simulator, organisation, question, clock, calls, retry_after_s, wait_s
):
    sound = await question(mix, organisation)
    before = clock.now()
    simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, route=question.route, retry_after_s=retry_after_s))
    assert facts(await question(mix, organisation)) == facts(sound)
    assert clock.now() - before == timedelta(seconds=wait_s)


async def test_429_without_end_is_given_back_with_the_wait(mix, simulator, organisation, question, calls):
    simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, route=question.route, retry_after_s=40, times=99))
    with pytest.raises(SourceUnavailable, match="429") as caught:
        await question(mix, organisation)
    assert caught.value.retry_after_s == 40
    assert calls(question.route) == 4


@pytest.mark.parametrize("question", [QUESTIONS[1], *RANGES], ids=lambda question: question.route)
@pytest.mark.parametrize("timeouts", [Timeouts(read_s=0.5), Timeouts(whole_s=0.5)])
async def test_an_answer_that_does_not_come_is_asked_for_again_or_for_less(
    open_client, settings, simulator, organisation, question, calls, timeouts
):
    """Streams have no smaller question; a backfill has, so a slow range is given back at once."""
    async with open_client() as warm:
        await warm.organisations()
    simulator.faults.add(Fault(kind=FaultKind.SILENT, route=question.route, wait_s=20))
    async with open_client(msgspec.structs.replace(settings, timeouts=timeouts)) as mix:
        if question in RANGES:
            with pytest.raises(SourceUnavailable, match="1 try"):
                await question(mix, organisation)
            assert calls(question.route) == 1
        else:
            await question(mix, organisation)
            assert calls(question.route) == 2


async def test_404_points_to_the_address(open_client, settings, organisation, question):
    hosts = MixHosts(settings.hosts.identity_url, f"{settings.hosts.api_url}/elsewhere")
    async with open_client(msgspec.structs.replace(settings, hosts=hosts)) as mix:
        with pytest.raises(SourceRefused, match=r"404.*TRILHA_MIX_API_URL"):
            await question(mix, organisation)


async def test_nothing_at_all_is_an_empty_answer(mix, simulator, organisation, question):
    simulator.faults.add(Fault(kind=FaultKind.EMPTY_BODY, route=question.route))
    page = await question(mix, organisation)
    assert (page.body, page.rejected) == (b"", ())


async def test_answers_come_compressed_and_are_kept_plain(mix, simulator, organisation, question):
    plain = msgspec.structs.replace(simulator.behaviour, gzip=False)
    compressed = await question(mix, organisation)
    simulator.behaviour = plain
    assert facts(await question(mix, organisation)) == facts(compressed)


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.CUT_BODY, FaultKind.HTML])
async def test_nothing_secret_is_told(mix, simulator, organisation, settings, database, question, caplog, kind):
    caplog.set_level(logging.DEBUG)
    simulator.faults.add(Fault(kind=kind, route=question.route, times=99))
    with pytest.raises(SourceError) as caught:
        await question(mix, organisation)
    text = told(caught.value, caplog)
    credentials = settings.credentials
    secrets = [credentials.client_secret, credentials.username, credentials.password]
    secrets += [
        word for token in database.tokens.values() for word in (token.access_token, token.refresh_token) if word
    ]
    assert not [secret for secret in secrets if secret in text]


class TestSharedQuota:
    """Another tool of the customer spends calls that our own count knows nothing of."""

    async def test_a_quota_that_is_gone_is_waited_for(self, mix, simulator, organisation, question, clock, calls):
        await mix.organisations()
        simulator.spend(19)
        page = await question(mix, organisation)
        assert page.body
        assert calls(question.route) == 2
        assert NOW + timedelta(seconds=59) <= clock.now() <= NOW + timedelta(seconds=61)

    async def test_an_hour_that_is_gone_is_given_back_and_nobody_asks_meanwhile(
        self, open_client, simulator, organisation, question, clock, calls
    ):
        async with open_client() as one, open_client() as two:
            await one.organisations()
            simulator.spend(600)
            with pytest.raises(SourceUnavailable) as caught:
                await question(one, organisation)
            assert caught.value.retry_after_s > 3000
            assert calls(question.route) == 1
            await question(two, organisation)
            assert clock.now() >= NOW + timedelta(minutes=59)
            assert calls(question.route) == 2

    @pytest.mark.parametrize("question", RANGES, ids=lambda question: question.route)
    async def test_half_of_the_quota_is_enough_to_lose_nothing(self, mix, simulator, organisation, question, calls):
        simulator.behaviour = msgspec.structs.replace(simulator.behaviour, shared_tool_calls_per_minute=10)
        sound = await question(mix, organisation)
        for _ in range(29):
            assert facts(await question(mix, organisation)) == facts(sound)
        statuses = simulator.calls()[question.route].statuses
        assert statuses[200] + statuses[206] == 30
        assert statuses[429] <= 6
