"""What a client is given when the server stops: all that waits for it, and a cursor that skips nothing."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.e2e.live.world import DEADLINE_S, MovingFleet, ids_of
from trilha.domain.kernel import OrganisationId
from trilha.entrypoints.http.live.filters import Wanted
from trilha.entrypoints.http.live.hub import Hub
from trilha.entrypoints.http.live.listener import Closed, Listener

ONE = Wanted(vehicles=frozenset({1}))


@pytest.fixture
async def hub(fleet: MovingFleet) -> AsyncIterator[Hub]:
    hub = Hub(fleet.parts())
    yield hub
    await hub.close()


async def test_what_waits_is_handed_out_before_the_end(
    fleet: MovingFleet, organisation_id: OrganisationId, hub: Hub
) -> None:
    async with (
        hub.listening("poll", organisation_id, Wanted(), None) as witness,
        hub.listening("poll", organisation_id, Wanted(), None) as waiting,
        hub.listening("poll", organisation_id, Wanted(), None) as new,
    ):
        for one in (witness, waiting):
            assert (await one.next(DEADLINE_S)).kind == "snapshot"
        ids = await fleet.move(organisation_id, 1, 2)
        assert await _positions(witness, 2) == ids
        hub.stop()
        assert await _positions(waiting, 2) == ids
        assert (await new.next(DEADLINE_S)).kind == "snapshot"
        for one in (waiting, new):
            with pytest.raises(Closed):
                await one.next(DEADLINE_S)
            assert one.last_words().cursor == witness.given


async def test_the_last_words_skip_nothing(fleet: MovingFleet, organisation_id: OrganisationId, hub: Hub) -> None:
    async with (
        hub.listening("poll", organisation_id, Wanted(), None) as witness,
        hub.listening("poll", organisation_id, ONE, None) as listener,
    ):
        for one in (witness, listener):
            await one.next(DEADLINE_S)
        given = listener.given
        ids = await fleet.move(organisation_id, 2)
        assert await _positions(witness, 1) == ids
        hub.stop()
        with pytest.raises(Closed):
            await listener.next(DEADLINE_S)
        assert listener.last_words().cursor == given < witness.given


async def _positions(listener: Listener, count: int) -> list[str]:
    found = list[str]()
    while len(found) < count:
        frame = await listener.next(DEADLINE_S)
        assert frame.kind == "positions"
        found += ids_of(msgspec.json.decode(frame.body))
    return found
