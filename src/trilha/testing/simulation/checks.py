"""What must hold once a world has settled, whatever went wrong on the way."""

import zlib
from collections.abc import Mapping

import msgspec

from trilha.adapters.memory import MemoryDatabase, OrganisationTables
from trilha.domain.telemetry import FEEDS, RunKind, RunStatus, Stream
from trilha.testing.simulation.traffic import Traffic

Roads = Mapping[int, Traffic]
_WITHOUT_COUNTS = {RunKind.MASTER_DATA, RunKind.AMENDMENTS, RunKind.REPLAY}


def check(database: MemoryDatabase, roads: Roads) -> None:
    """Assert that nothing was lost, nothing doubled, and nothing is left lying about."""
    assert not database.outbox, "events wait in the outbox"
    assert not database.dead_letters, "events died"
    for (_, external_id), source in database.sources.items():
        tables = database.of(source.organisation_id)
        for feed in FEEDS:
            _nothing_is_lost(tables, roads[external_id], feed)
        assert tables.amended == roads[external_id].amended
        _each_effect_happened_once(tables)
        _nothing_is_left(tables)


def _nothing_is_lost(tables: OrganisationTables, traffic: Traffic, feed: Stream) -> None:
    stored = {key: [row.record for row in rows] for key, rows in tables.records[feed].items()}
    made = {key: [record] for key, record in traffic.made[feed].items()}
    wrong = {key: (made.get(key), stored.get(key)) for key in made | stored if made.get(key) != stored.get(key)}
    assert not wrong, f"{feed} as made and as kept: {wrong}"


def _each_effect_happened_once(tables: OrganisationTables) -> None:
    """The counts per hour come from events over the bus, those of runs from the commits, the rest is the truth."""
    counted, runs = tables.throughput.values(), tables.runs.values()
    pages = [page for page in tables.raw_pages.values() if page.stream in FEEDS]
    in_pages = sum(len(msgspec.json.decode(zlib.decompress(page.body))) for page in pages)
    brought = [run for run in runs if run.kind not in _WITHOUT_COUNTS]
    replays = [run for run in runs if run.kind is RunKind.REPLAY]
    changed = sum(run.inserted + run.replaced for run in replays)
    assert in_pages == sum(run.received for run in brought)
    assert sum(count.received for count in counted) == in_pages + changed
    assert sum(count.inserted for count in counted) == sum(run.inserted for run in (*brought, *replays))
    assert sum(count.inserted for count in counted) == sum(len(rows) for rows in tables.records.values())


def _nothing_is_left(tables: OrganisationTables) -> None:
    unfinished = [run for run in tables.runs.values() if run.status is RunStatus.RUNNING]
    assert not unfinished, "a run was begun and never ended"
    open_entries = [entry for entry in tables.quarantine.values() if entry.settlement is None]
    assert not open_entries, "a record that is understood now is still in quarantine"
    assert not [one for one in tables.backfills.values() if one.is_unfinished], "a backfill never ended"
    assert not [gap for gap in tables.gaps.values() if gap.closed_at is None], "a gap was never closed"
