"""The contracts of Gaps and Backfills."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.ports import TelemetryUnitOfWork, UnitsOfWork
from trilha.domain.kernel import Conflict, OrganisationId
from trilha.domain.telemetry import (
    FEEDS,
    Backfill,
    BackfillReason,
    Gap,
    MergeOutcome,
    Stream,
    cancel_backfill,
    next_window,
    record_window,
    request_backfill,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.strategies import backfills, gaps

Units = UnitsOfWork[TelemetryUnitOfWork]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_checked = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])


def a_gap(stream: Stream = Stream.EVENTS, days_ago: int = 20) -> Gap:
    """A gap of a day."""
    start = NOON - days_ago * DAY
    return Gap(stream, start, start + DAY, opened_at=NOON)


def a_backfill(minutes: int = 0, days: int = 2) -> Backfill:
    """One of all feeds, of which there may be several."""
    return msgspec.structs.replace(a_wish(minutes, days), reason=BackfillReason.HEALING)


def a_wish(minutes: int = 0, days: int = 2) -> Backfill:
    """A person's, of which there may be one at a time."""
    return request_backfill(new_id(), NOON - days * DAY, NOON, (), NOON + timedelta(minutes=minutes))


def after_a_window(backfill: Backfill) -> Backfill:
    """Its next version, with one more window in."""
    window = next_window(backfill)
    assert window is not None
    return record_window(backfill, window, MergeOutcome(inserted=3, duplicates=1), 2, NOON + HOUR)


class GapsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _open(self, units: Units, organisation_id: OrganisationId, *opened: Gap) -> None:
        async with units(organisation_id) as unit:
            for gap in opened:
                await unit.gaps.open(gap)
            await unit.commit()

    async def _unfilled(self, units: Units, organisation_id: OrganisationId) -> list[Gap]:
        async with units(organisation_id) as unit:
            return list(await unit.gaps.unfilled())

    @_checked
    @given(opened=st.lists(gaps(), max_size=4, unique_by=lambda gap: (gap.stream, gap.start, gap.end)))
    async def test_open_ones_come_back_exactly_oldest_first(
        self, units: Units, new_organisation: NewOrganisation, opened: list[Gap]
    ) -> None:
        organisation_id = await new_organisation()
        await self._open(units, organisation_id, *opened)
        unfilled = await self._unfilled(units, organisation_id)
        assert [gap.start for gap in unfilled] == sorted(gap.start for gap in opened)
        assert set(unfilled) == set(opened)

    async def test_a_closed_gap_is_filled_and_others_are_not(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        """Also those of the same time in other feeds, and the next piece of the same feed."""
        gap, following = a_gap(), a_gap(days_ago=19)
        others = [a_gap(feed) for feed in FEEDS if feed is not Stream.EVENTS]
        await self._open(units, organisation_id, gap, following, *others)
        async with units(organisation_id) as unit:
            await unit.gaps.close(msgspec.structs.replace(gap, closed_at=NOON + HOUR))
            assert gap not in await unit.gaps.unfilled()
            await unit.commit()
        assert set(await self._unfilled(units, organisation_id)) == {following, *others}

    async def test_rolled_back_gaps_were_never_open(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        async with units(organisation_id) as unit:
            await unit.gaps.open(a_gap())
        assert await self._unfilled(units, organisation_id) == []
        await self._open(units, organisation_id, a_gap())
        assert await self._unfilled(units, await new_organisation()) == []


class BackfillsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _save(self, units: Units, organisation_id: OrganisationId, *versions: Backfill) -> None:
        for version in versions:
            async with units(organisation_id) as unit:
                await unit.backfills.save(version)
                await unit.commit()

    async def _get(self, units: Units, organisation_id: OrganisationId, backfill: Backfill) -> Backfill | None:
        async with units(organisation_id) as unit:
            return await unit.backfills.get(backfill.id)

    @_checked
    @given(backfill=backfills())
    async def test_comes_back_exactly(
        self, units: Units, new_organisation: NewOrganisation, backfill: Backfill
    ) -> None:
        organisation_id, mine = await new_organisation(), msgspec.structs.replace(backfill, id=new_id())
        await self._save(units, organisation_id, mine)
        assert await self._get(units, organisation_id, mine) == mine

    async def test_an_unknown_one_is_none(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        backfill = a_backfill()
        assert await self._get(units, organisation_id, backfill) is None
        await self._save(units, organisation_id, backfill)
        assert await self._get(units, await new_organisation(), backfill) is None

    async def test_unfinished_ones_come_oldest_first(self, units: Units, organisation_id: OrganisationId) -> None:
        waiting = [a_backfill(minutes) for minutes in (3, 1, 2)]
        running, ended = after_a_window(waiting[0]), cancel_backfill(waiting[1], NOON)
        await self._save(units, organisation_id, *waiting, running, ended)
        async with units(organisation_id) as unit:
            assert list(await unit.backfills.unfinished()) == [waiting[2], running]

    @pytest.mark.parametrize("version", [0, 1, 3])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        first = a_backfill()
        second = after_a_window(first)
        await self._save(units, organisation_id, first, second)
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, msgspec.structs.replace(second, version=version))
        assert await self._get(units, organisation_id, first) == second

    async def test_the_first_version_is_0(self, units: Units, organisation_id: OrganisationId) -> None:
        later = after_a_window(a_backfill())
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, later)
        assert await self._get(units, organisation_id, later) is None

    async def test_of_a_window_and_a_cancellation_at_once_one_gets_through(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        backfill = a_backfill()
        await self._save(units, organisation_id, backfill)
        rivals = [after_a_window(backfill), cancel_backfill(backfill, NOON)]
        ended = await asyncio.gather(
            *(self._save(units, organisation_id, rival) for rival in rivals), return_exceptions=True
        )
        assert sorted(type(end).__name__ for end in ended) == ["Conflict", "NoneType"]
        assert await self._get(units, organisation_id, backfill) == rivals[ended.index(None)]

    async def test_what_was_not_committed_did_not_move(self, units: Units, organisation_id: OrganisationId) -> None:
        backfill = a_backfill()
        await self._save(units, organisation_id, backfill)
        async with units(organisation_id) as unit:
            await unit.backfills.save(after_a_window(backfill))
        assert await self._get(units, organisation_id, backfill) == backfill

    async def test_a_person_has_one_at_a_time(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        first, second = a_wish(1), a_wish(2)
        await self._save(units, organisation_id, first, a_backfill())
        await self._save(units, await new_organisation(), a_wish(3))
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, second)
        await self._save(units, organisation_id, cancel_backfill(first, NOON), second)
