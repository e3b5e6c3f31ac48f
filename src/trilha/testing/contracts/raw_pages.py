"""The contracts of RawPages and Quarantine."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import NotFound, OrganisationId, RejectedRecord, TimeRange
from trilha.domain.telemetry import QuarantineEntry, RawPage, RawPageKey, Settlement, Stream, settle_entry
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.strategies import quarantine_entries, raw_pages

Units = UnitsOfWork[TelemetryUnitOfWork]
MINUTE = timedelta(minutes=1)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


async def keep(units: Units, organisation_id: OrganisationId, page: RawPage) -> RawPageKey:
    """Keep a page and commit."""
    key = RawPageKey(page.received_at, new_id())
    async with units(organisation_id) as unit:
        await unit.raw_pages.add(key.id, page)
        await unit.commit()
    return key


def a_page(stream: Stream = Stream.EVENTS, minutes: int = 0) -> RawPage:
    """A page with nothing in it."""
    return RawPage(stream, "a", "b", NOON + minutes * MINUTE, b"[]")


class RawPagesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    @_checked
    @given(page=raw_pages())
    async def test_a_page_comes_back_byte_for_byte(
        self, units: Units, organisation_id: OrganisationId, page: RawPage
    ) -> None:
        key = await keep(units, organisation_id, page)
        async with units(organisation_id) as unit:
            assert await unit.raw_pages.get(key.id) == page

    async def test_an_unknown_page_is_not_found(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            with pytest.raises(NotFound):
                await unit.raw_pages.get(new_id())

    async def test_another_organisations_page_is_not_found(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        key = await keep(units, organisation_id, a_page())
        async with units(await new_organisation()) as unit:
            with pytest.raises(NotFound):
                await unit.raw_pages.get(key.id)
            assert list(await unit.raw_pages.keys(Stream.EVENTS, TimeRange(), None, 10)) == []

    async def test_what_was_not_committed_is_not_kept(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            await unit.raw_pages.add(new_id(), a_page())
        async with units(organisation_id) as unit:
            assert list(await unit.raw_pages.keys(Stream.EVENTS, TimeRange(), None, 10)) == []

    async def _walk(
        self, units: Units, organisation_id: OrganisationId, stream: Stream, received: TimeRange, limit: int
    ) -> list[RawPageKey]:
        found, after = list[RawPageKey](), None
        async with units(organisation_id) as unit:
            while keys := await unit.raw_pages.keys(stream, received, after, limit):
                assert len(keys) <= limit
                found += keys
                after = keys[-1]
        return found

    @_checked
    @given(
        pages=st.lists(st.builds(a_page, st.sampled_from(Stream), st.integers(0, 3)), max_size=12),
        minutes=st.tuples(st.integers(-1, 4), st.integers(-1, 4)).map(sorted),
        limit=st.integers(1, 5),
    )
    async def test_pages_of_a_feed_are_walked_in_order_of_receipt(
        self,
        units: Units,
        new_organisation: NewOrganisation,
        pages: list[RawPage],
        minutes: list[int],
        limit: int,
    ) -> None:
        """Several may have been received at the same moment: then their ids decide."""
        organisation_id = await new_organisation()
        received = TimeRange(*(NOON + minute * MINUTE for minute in minutes))
        kept = [(page, await keep(units, organisation_id, page)) for page in pages]
        for stream in Stream:
            everything = sorted(key for page, key in kept if page.stream is stream)
            assert await self._walk(units, organisation_id, stream, TimeRange(), limit) == everything
            inside = [key for key in everything if key.received_at in received]
            assert await self._walk(units, organisation_id, stream, received, limit) == inside

    async def test_those_without_a_next_token_can_be_left_out(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        """As the pages of a backfill are; the limit counts those that are left."""
        streamed = [await keep(units, organisation_id, a_page(minutes=minutes)) for minutes in (0, 2)]
        await keep(units, organisation_id, msgspec.structs.replace(a_page(minutes=1), next_token=None))
        async with units(organisation_id) as unit:
            found = await unit.raw_pages.keys(Stream.EVENTS, TimeRange(), None, 2, with_token=True)
            assert list(found) == streamed
            assert len(await unit.raw_pages.keys(Stream.EVENTS, TimeRange(), None, 9)) == 3


class QuarantineContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _add(self, units: Units, organisation_id: OrganisationId, *entries: QuarantineEntry) -> None:
        async with units(organisation_id) as unit:
            await unit.quarantine.add(entries)
            await unit.commit()

    async def _get(self, units: Units, organisation_id: OrganisationId, entry: QuarantineEntry) -> QuarantineEntry:
        async with units(organisation_id) as unit:
            return await unit.quarantine.get(entry.id)

    def _an_entry(self, position: int = 0, **fields: object) -> QuarantineEntry:
        record = RejectedRecord(position, "malformed", "id", b"{}")
        return msgspec.structs.replace(QuarantineEntry(new_id(), "events", None, NOON, record), **fields)

    @_checked
    @given(entries=st.lists(quarantine_entries(), min_size=1, max_size=3))
    async def test_keeps_records_with_their_reason(
        self, units: Units, organisation_id: OrganisationId, entries: list[QuarantineEntry]
    ) -> None:
        mine = [msgspec.structs.replace(entry, id=new_id()) for entry in entries]
        await self._add(units, organisation_id, *mine)
        assert [await self._get(units, organisation_id, entry) for entry in mine] == mine

    async def test_rolled_back_records_are_not_kept(self, units: Units, organisation_id: OrganisationId) -> None:
        entry = self._an_entry()
        async with units(organisation_id) as unit:
            await unit.quarantine.add([entry])
        with pytest.raises(NotFound):
            await self._get(units, organisation_id, entry)

    async def test_another_organisations_entry_is_not_found(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        entry = self._an_entry()
        await self._add(units, organisation_id, entry)
        with pytest.raises(NotFound):
            await self._get(units, await new_organisation(), entry)

    async def test_those_of_a_page_come_by_position(self, units: Units, organisation_id: OrganisationId) -> None:
        page_id = new_id()
        mine = [self._an_entry(position, page_id=page_id) for position in (2, 10, 1)]
        await self._add(units, organisation_id, *mine, self._an_entry(page_id=new_id()), self._an_entry())
        async with units(organisation_id) as unit:
            assert list(await unit.quarantine.of_page(page_id)) == [mine[2], mine[0], mine[1]]
            assert list(await unit.quarantine.of_page(new_id())) == []

    @pytest.mark.parametrize("settlement", list(Settlement))
    async def test_what_became_of_it_is_written_down(
        self, units: Units, organisation_id: OrganisationId, settlement: Settlement
    ) -> None:
        entry, other = self._an_entry(), self._an_entry()
        await self._add(units, organisation_id, entry, other)
        settled = settle_entry(entry, settlement, NOON + MINUTE)
        async with units(organisation_id) as unit:
            await unit.quarantine.save(settled)
            assert await unit.quarantine.get(entry.id) == settled
            await unit.commit()
        assert await self._get(units, organisation_id, entry) == settled
        assert await self._get(units, organisation_id, other) == other
