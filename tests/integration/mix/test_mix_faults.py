"""What goes wrong with a call, and what must happen."""

from datetime import timedelta

import httpx
import msgspec
import pytest

from trilha.adapters.mix import MixHosts, Timeouts
from trilha.domain.kernel import SourceNotPermitted, SourceRefused, SourceUnavailable
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import Fault, FaultKind, Route

from .conftest import NOW

FOREIGN = -4242424242424242424


@pytest.fixture
async def spent(limiter, settings):
    """Calls counted against the budget."""

    async def used():
        return (await limiter.used(settings.key))["3600"]

    return used


async def test_an_organisation_that_is_not_ours_is_named_and_not_asked_for_in_a_loop(mix, calls):
    with pytest.raises(SourceNotPermitted, match=str(FOREIGN)) as caught:
        await mix.drivers(FOREIGN)
    assert caught.value.identifier == str(FOREIGN)
    assert (calls(Route.DRIVERS), calls(Route.TOKEN)) == (2, 2)


async def test_every_list_of_a_foreign_organisation_is_refused(mix):
    for ask in (mix.groups, mix.vehicles, mix.event_types):
        with pytest.raises(SourceNotPermitted):
            await ask(FOREIGN)


async def test_one_401_renews_once_and_repeats_once(mix, simulator, organisation, calls):
    simulator.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, route=Route.DRIVERS))
    assert (await mix.drivers(organisation)).records
    assert (calls(Route.DRIVERS), calls(Route.TOKEN)) == (2, 2)


async def test_401_about_nobody_in_particular_points_to_the_user(mix, simulator, calls):
    simulator.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, times=9))
    with pytest.raises(SourceRefused, match="TRILHA_MIX_USERNAME"):
        await mix.organisations()
    assert calls(Route.ORGANISATIONS) == 2


async def test_a_revoked_token_is_replaced(mix, simulator, organisation, since, calls):
    await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    simulator.revoke_tokens(access=True, refresh=True)
    assert (await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)).records
    assert calls(Route.EVENTS_SINCE) == 3


@pytest.mark.parametrize(("retry_after_s", "wait_s"), [(17, 17), (None, 60), (0, 0)])
async def test_429_waits_as_told_or_a_minute(mix, simulator, organisation, clock, calls, retry_after_s, wait_s):
    await mix.organisations()
    before = clock.now()
    simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=retry_after_s))
    assert (await mix.drivers(organisation)).records
    assert clock.now() - before == timedelta(seconds=wait_s)
    assert calls(Route.DRIVERS) == 2


async def test_429_makes_everybody_wait(open_client, simulator, organisation, clock, calls):
    async with open_client() as one, open_client() as two:
        simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=3600))
        with pytest.raises(SourceUnavailable) as caught:
            await one.drivers(organisation)
        assert caught.value.retry_after_s == 3600
        await two.vehicles(organisation)
    assert clock.now() >= NOW + timedelta(seconds=3600)
    assert calls(Route.DRIVERS) == 1


async def test_429_without_end_is_given_back(mix, simulator, organisation, calls):
    simulator.faults.add(Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=5, times=99))
    with pytest.raises(SourceUnavailable, match="TRILHA_MIX_CALLS_PER_MINUTE") as caught:
        await mix.drivers(organisation)
    assert caught.value.retry_after_s == 5
    assert calls(Route.DRIVERS) == 4


async def test_the_quota_is_kept_without_a_single_429(mix, simulator, clock):
    for _ in range(45):
        await mix.organisations()
    assert simulator.calls()[Route.ORGANISATIONS].statuses == {200: 45}
    assert clock.now() - NOW >= timedelta(minutes=2)


@pytest.mark.parametrize("timeouts", [Timeouts(read_s=0.1), Timeouts(whole_s=0.1)])
async def test_an_answer_that_does_not_come_is_a_time_out(
    open_client, settings, simulator, organisation, calls, timeouts
):
    async with open_client() as warm:
        await warm.organisations()
    async with open_client(msgspec.structs.replace(settings, timeouts=timeouts)) as mix:
        simulator.faults.add(Fault(kind=FaultKind.SILENT, route=Route.DRIVERS, wait_s=20, times=2))
        assert (await mix.drivers(organisation)).records
        assert calls(Route.DRIVERS) == 3


async def test_a_host_that_is_not_there_is_unavailable(open_client, settings, simulator):
    async with open_client() as warm:
        await warm.organisations()
        await simulator.stop()
        with pytest.raises(SourceUnavailable, match="ConnectError"):
            await warm.organisations()


@pytest.mark.parametrize("status", [403])
async def test_forbidden_is_final(mix, simulator, organisation, calls, status):
    simulator.faults.add(Fault(kind=FaultKind.FORBIDDEN, times=9))
    with pytest.raises(SourceNotPermitted, match=str(organisation)):
        await mix.drivers(organisation)
    assert calls(Route.DRIVERS) == 1


async def test_404_is_final_and_points_to_the_address(open_client, settings, simulator, organisation, calls):
    hosts = MixHosts(settings.hosts.identity_url, f"{settings.hosts.api_url}/elsewhere")
    async with open_client(msgspec.structs.replace(settings, hosts=hosts)) as mix:
        with pytest.raises(SourceRefused, match=r"404.*TRILHA_MIX_API_URL"):
            await mix.drivers(organisation)
    assert calls(Route.UNKNOWN) == 1


async def test_400_is_final_and_says_why(mix, simulator, organisation, since, calls):
    simulator.behaviour = msgspec.structs.replace(simulator.behaviour, most_items=10)
    with pytest.raises(SourceRefused, match=r"400.*ArgumentException"):
        await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert calls(Route.EVENTS_SINCE) == 1


async def test_every_try_counts_and_token_requests_do_not(mix, simulator, organisation, spent):
    simulator.faults.add(Fault(kind=FaultKind.SERVER_ERROR, times=2), Fault(kind=FaultKind.UNAUTHORIZED))
    await mix.drivers(organisation)
    assert await spent() == 4


async def test_answers_come_compressed(mix, simulator, organisation, since):
    """What is kept as the page's body is the JSON, not its compressed form."""
    assert simulator.behaviour.gzip
    page = await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    assert page.body.startswith(b'[{"EventId":')


async def test_no_cause_is_left_that_holds_a_request(mix, simulator, organisation):
    simulator.faults.add(Fault(kind=FaultKind.CUT_BODY, times=9))
    with pytest.raises(SourceUnavailable) as caught:
        await mix.drivers(organisation)
    error = caught.value
    assert error.__cause__ is None
    assert not isinstance(error.__context__, httpx.HTTPError)
