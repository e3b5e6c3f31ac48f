"""The contract of IngestionQueries."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from trilha.application.ports import PageRequest, TelemetryUnitOfWork, UnitsOfWork
from trilha.application.telemetry.queries import IngestionQueries
from trilha.application.telemetry.views import (
    BackfillView,
    GapView,
    HourView,
    QuarantineView,
    RunView,
    backfill_view,
)
from trilha.domain.kernel import InvalidValue, OrganisationId, RejectedRecord, TimeRange
from trilha.domain.telemetry import (
    Backfill,
    Gap,
    IngestionRun,
    QuarantineEntry,
    RunKind,
    Settlement,
    Stream,
    advance,
    cancel_backfill,
    declare_lost,
    fail,
    first_checkpoint,
    heal_gap,
    settle_entry,
    succeed,
)
from trilha.testing.contracts.backfills import a_backfill, a_gap, after_a_window
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.reading import walk

Units = UnitsOfWork[TelemetryUnitOfWork]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class IngestionQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `ingestion_queries`."""

    @pytest.fixture
    async def runs(self, units: Units, organisation_id: OrganisationId) -> list[IngestionRun]:
        """Runs of both kinds that ended in every way, newest first; two began at the same moment."""
        begun = [
            IngestionRun(id=new_id(), kind=kind, started_at=NOON + timedelta(minutes=minutes), pages=2, received=7)
            for minutes, kind in enumerate([RunKind.EVENTS, RunKind.MASTER_DATA, RunKind.EVENTS, RunKind.EVENTS])
        ]
        later = NOON + timedelta(minutes=10, seconds=1.5)
        runs = [
            succeed(begun[0], later),
            fail(begun[1], "source.unavailable", "the source is down", later),
            declare_lost(msgspec.structs.replace(begun[2], started_at=begun[3].started_at), later),
            begun[3],
        ]
        async with units(organisation_id) as unit:
            for run in runs:
                await unit.runs.save(run)
            await unit.commit()
        return sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True)

    @pytest.mark.parametrize("limit", [1, 3, 500])
    async def test_runs_come_newest_first(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        runs: list[IngestionRun],
        limit: int,
    ) -> None:
        views = await walk(lambda page: ingestion_queries.runs(organisation_id, None, None, page), RunView, limit)
        assert [view.id for view in views] == [run.id for run in runs]

    async def test_a_run_shows_its_counts_and_its_end(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId, runs: list[IngestionRun]
    ) -> None:
        page = await ingestion_queries.runs(organisation_id, None, None, PageRequest())
        for run, view in zip(runs, page.items, strict=True):
            shown = msgspec.structs.asdict(view)
            took_s = shown.pop("duration_s")
            assert shown == msgspec.structs.asdict(run)
            ended = run.finished_at
            assert took_s == (None if ended is None else pytest.approx((ended - run.started_at).total_seconds()))

    @pytest.mark.parametrize(
        ("kind", "status", "count"),
        [("events", None, 3), ("master_data", None, 1), (None, "lost", 1), ("events", "failed", 0)],
    )
    async def test_runs_are_filtered_by_kind_and_status(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        runs: list[IngestionRun],
        kind: str | None,
        status: str | None,
        count: int,
    ) -> None:
        page = await ingestion_queries.runs(organisation_id, kind, status, PageRequest())
        wanted = [run.id for run in runs if kind in (None, run.kind) and status in (None, run.status)]
        assert [view.id for view in page.items] == wanted
        assert len(wanted) == count

    async def test_a_cursor_that_is_none_is_refused(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId
    ) -> None:
        for cursor in ("", "nonsense", "AAAA"):
            with pytest.raises(InvalidValue):
                await ingestion_queries.runs(organisation_id, None, None, PageRequest(cursor=cursor))

    async def test_shows_how_far_each_stream_has_been_read(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId
    ) -> None:
        """`pages` is the checkpoint's version: how often it was written since it began."""
        first = first_checkpoint(Stream.EVENTS, "a", NOON, NOON)
        second = advance(first, "b", NOON + HOUR, NOON + HOUR)
        async with units(organisation_id) as unit:
            await unit.checkpoints.save(first)
            await unit.checkpoints.save(second)
            await unit.gaps.open(Gap(Stream.EVENTS, NOON - HOUR, NOON, NOON))
            await unit.commit()
        (view,) = await ingestion_queries.checkpoints(organisation_id, NOON + 3 * HOUR)
        assert (view.stream, view.token, view.token_time) == ("events", "b", NOON + HOUR)
        assert view.token_age_s == pytest.approx(7200)
        assert (view.moved_at, view.checked_at) == (NOON + HOUR, NOON + HOUR)
        assert (view.pages, view.open_gaps) == (1, 1)

    async def test_a_stream_that_never_began_does_not_show(
        self, ingestion_queries: IngestionQueries, organisation_id: OrganisationId
    ) -> None:
        assert await ingestion_queries.checkpoints(organisation_id, datetime.now(UTC)) == []

    async def _save(self, units: Units, organisation_id: OrganisationId, *versions: Backfill) -> None:
        async with units(organisation_id) as unit:
            for version in versions:
                await unit.backfills.save(version)
            await unit.commit()

    @pytest.mark.parametrize("limit", [1, 3, 500])
    async def test_gaps_come_newest_first_with_what_fills_them(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId, limit: int
    ) -> None:
        healed, waiting, orphan = a_gap(days_ago=40), a_gap(days_ago=20), a_gap(Stream.TRIPS, days_ago=20)
        closed = msgspec.structs.replace(healed, closed_at=NOON + HOUR)
        fills = [heal_gap(new_id(), gap, NOON) for gap in (healed, waiting, orphan)]
        async with units(organisation_id) as unit:
            for gap in (healed, waiting, orphan):
                await unit.gaps.open(gap)
            await unit.gaps.close(closed)
            await unit.commit()
        await self._save(units, organisation_id, *fills, cancel_backfill(fills[2], NOON))

        async def shown(*, only_open: bool) -> list[GapView]:
            return await walk(
                lambda page: ingestion_queries.gaps(organisation_id, page, only_open=only_open), GapView, limit
            )

        views = [_gap_view(orphan, None), _gap_view(waiting, fills[1]), _gap_view(closed, fills[0])]
        assert await shown(only_open=False) == views
        assert await shown(only_open=True) == views[:2]

    async def test_a_gap_is_filled_by_the_last_that_covers_it_all(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId
    ) -> None:
        gap = a_gap()
        covering = heal_gap(new_id(), gap, NOON)
        later = msgspec.structs.replace(covering, id=new_id(), requested_at=NOON + HOUR)
        shorter = msgspec.structs.replace(later, id=new_id(), end=gap.end - MINUTE, requested_at=NOON + 2 * HOUR)
        foreign = heal_gap(new_id(), a_gap(Stream.POSITIONS), NOON + 3 * HOUR)
        async with units(organisation_id) as unit:
            await unit.gaps.open(gap)
            await unit.commit()
        await self._save(units, organisation_id, covering, later, shorter, foreign)
        page = await ingestion_queries.gaps(organisation_id, PageRequest())
        assert [view.backfill_id for view in page.items] == [later.id]
        async with units(organisation_id) as unit:
            await unit.gaps.close(msgspec.structs.replace(gap, closed_at=NOON + MINUTE))
            await unit.commit()
        page = await ingestion_queries.gaps(organisation_id, PageRequest())
        assert [view.backfill_id for view in page.items] == [covering.id]

    @pytest.mark.parametrize("limit", [1, 3, 500])
    async def test_backfills_come_newest_first_with_what_is_left_of_them(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId, limit: int
    ) -> None:
        waiting, begun, cancelled = (a_backfill(minutes) for minutes in (1, 3, 2))
        moved, ended = after_a_window(begun), cancel_backfill(cancelled, NOON + HOUR)
        await self._save(units, organisation_id, waiting, begun, cancelled, moved, ended)
        now = NOON + 2 * HOUR

        async def shown(status: str | None) -> list[BackfillView]:
            return await walk(
                lambda page: ingestion_queries.backfills(organisation_id, status, now, page), BackfillView, limit
            )

        assert await shown(None) == [backfill_view(one, now) for one in (moved, ended, waiting)]
        assert await shown("running") == [backfill_view(moved, now)]
        assert await shown("failed") == []

    async def test_hours_come_oldest_first(
        self, ingestion_queries: IngestionQueries, units: Units, organisation_id: OrganisationId
    ) -> None:
        counted = [(Stream.TRIPS, NOON), (Stream.EVENTS, NOON + HOUR), (Stream.EVENTS, NOON), (Stream.EVENTS, NOON)]
        for stream, hour in counted:
            async with units(organisation_id) as unit:
                await unit.throughput.add(stream, hour, received=5, inserted=3, late=1)
                await unit.commit()
        views = [
            HourView("events", NOON, 10, 6, 2),
            HourView("trips", NOON, 5, 3, 1),
            HourView("events", NOON + HOUR, 5, 3, 1),
        ]
        assert list(await ingestion_queries.hours(organisation_id, TimeRange())) == views
        assert list(await ingestion_queries.hours(organisation_id, TimeRange(NOON + HOUR))) == views[2:]
        assert list(await ingestion_queries.hours(organisation_id, TimeRange(end=NOON + HOUR))) == views[:2]

    @pytest.fixture
    async def entries(self, units: Units, organisation_id: OrganisationId) -> list[QuarantineEntry]:
        """Entries of two lists, newest first; the last one was discarded."""
        record = RejectedRecord(3, "malformed", "EventId", b'{"EventId": "\xc3\xa9\xff"}')
        at = [("events", 3), ("drivers", 2), ("events", 1)]
        entries = [QuarantineEntry(new_id(), name, new_id(), NOON + hours * HOUR, record) for name, hours in at]
        discarded = settle_entry(entries[2], Settlement.DISCARDED, NOON + 4 * HOUR)
        async with units(organisation_id) as unit:
            await unit.quarantine.add(entries)
            await unit.quarantine.save(discarded)
            await unit.commit()
        return [*entries[:2], discarded]

    @pytest.mark.parametrize("limit", [1, 500])
    async def test_what_is_in_quarantine_comes_newest_first_without_its_text(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        entries: list[QuarantineEntry],
        limit: int,
    ) -> None:
        async def shown(stream: str | None, *, only_open: bool) -> list[QuarantineView]:
            return await walk(
                lambda page: ingestion_queries.quarantine(organisation_id, stream, page, only_open=only_open),
                QuarantineView,
                limit,
            )

        views = [_quarantine_view(entry) for entry in entries]
        assert await shown(None, only_open=True) == views[:2]
        assert await shown(None, only_open=False) == views
        assert await shown("events", only_open=True) == views[:1]
        assert await shown("events", only_open=False) == [views[0], views[2]]

    async def test_open_entries_are_counted_by_stream(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
        entries: list[QuarantineEntry],
    ) -> None:
        assert await ingestion_queries.open_quarantine(organisation_id) == {one.stream: 1 for one in entries[:2]}
        assert await ingestion_queries.open_quarantine(await new_organisation()) == {}

    async def test_one_entry_shows_its_text(
        self,
        ingestion_queries: IngestionQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
        entries: list[QuarantineEntry],
    ) -> None:
        expected = msgspec.structs.replace(_quarantine_view(entries[0]), raw='{"EventId": "é\ufffd"}')
        assert await ingestion_queries.quarantined(organisation_id, entries[0].id) == expected
        assert await ingestion_queries.quarantined(organisation_id, new_id()) is None
        assert await ingestion_queries.quarantined(await new_organisation(), entries[0].id) is None


def _gap_view(gap: Gap, backfill: Backfill | None) -> GapView:
    filled_by = None if backfill is None else backfill.id
    return GapView(gap.stream.value, gap.start, gap.end, gap.opened_at, gap.closed_at, filled_by)


def _quarantine_view(entry: QuarantineEntry) -> QuarantineView:
    record, settlement = entry.record, None if entry.settlement is None else entry.settlement.value
    return QuarantineView(
        entry.id, entry.stream, entry.page_id, entry.at, record.reason, record.detail, settlement, entry.settled_at
    )
