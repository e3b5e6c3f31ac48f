"""The contract of Outbox: a committed event waits until it is known to be on the bus."""

from datetime import timedelta

import pytest

from trilha.application.ports import Envelope, Outbox, TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import GapOpened, Stream
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id

Units = UnitsOfWork[TelemetryUnitOfWork]
ALL = 10_000


async def waiting_events(outbox: Outbox, organisation_id: OrganisationId) -> list[Envelope]:
    """The unsent events of an organisation."""
    async with outbox.claim(ALL) as claim:
        return [envelope for envelope in claim.envelopes if envelope.organisationid == organisation_id]


class OutboxContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `outbox`."""

    @pytest.fixture(autouse=True)
    async def _nothing_waits(self, outbox: Outbox) -> None:
        """The outbox serves all organisations: what other tests left is sent off first."""
        while await outbox.unsent():
            async with outbox.claim(ALL) as claim:
                await claim.mark_sent([envelope.id for envelope in claim.envelopes])

    async def _record(self, units: Units, organisation_id: OrganisationId, count: int) -> None:
        async with units(organisation_id) as unit:
            for hours in range(count):
                unit.record(GapOpened(stream=Stream.EVENTS, start=NOON, end=NOON + timedelta(hours=hours)))
            await unit.commit()

    async def test_counts_what_waits(self, units: Units, outbox: Outbox, organisation_id: OrganisationId) -> None:
        assert await outbox.unsent() == 0
        await self._record(units, organisation_id, 3)
        assert await outbox.unsent() == 3

    async def test_gives_out_no_more_than_asked_the_oldest_first(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        await self._record(units, organisation_id, 3)
        everything = await waiting_events(outbox, organisation_id)
        async with outbox.claim(2) as claim:
            assert list(claim.envelopes) == everything[:2]

    async def test_what_is_not_marked_comes_again(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        await self._record(units, organisation_id, 2)
        first = await waiting_events(outbox, organisation_id)
        assert await waiting_events(outbox, organisation_id) == first

    async def test_what_is_marked_is_gone_and_the_rest_stays(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        await self._record(units, organisation_id, 3)
        async with outbox.claim(ALL) as claim:
            sent, *rest = claim.envelopes
            await claim.mark_sent([sent.id])
        assert await waiting_events(outbox, organisation_id) == rest
        assert await outbox.unsent() == 2

    async def test_a_failing_relay_frees_what_it_had_not_marked(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        await self._record(units, organisation_id, 1)
        with pytest.raises(ZeroDivisionError):
            await self._fail(outbox)
        assert len(await waiting_events(outbox, organisation_id)) == 1

    async def _fail(self, outbox: Outbox) -> None:
        async with outbox.claim(ALL):
            raise ZeroDivisionError

    async def test_two_relays_never_hold_the_same_event(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        """The second finds nothing, because handing out later events would break their order."""
        await self._record(units, organisation_id, 4)
        async with outbox.claim(2) as claim, outbox.claim(ALL) as other:
            assert len(claim.envelopes) == 2
            assert list(other.envelopes) == []

    async def test_marking_an_unknown_event_changes_nothing(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId
    ) -> None:
        await self._record(units, organisation_id, 1)
        async with outbox.claim(ALL) as claim:
            await claim.mark_sent([new_id()])
        assert await outbox.unsent() == 1

    async def test_serves_every_organisation(
        self, units: Units, outbox: Outbox, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        other = await new_organisation()
        await self._record(units, organisation_id, 1)
        await self._record(units, other, 1)
        async with outbox.claim(ALL) as claim:
            assert [envelope.organisationid for envelope in claim.envelopes] == [organisation_id, other]
