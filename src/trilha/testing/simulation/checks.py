"""What must hold once a world has settled, whatever went wrong on the way."""

import zlib
from collections.abc import Mapping

import msgspec

from trilha.adapters.memory import MemoryDatabase, OrganisationTables
from trilha.domain.kernel import EventId
from trilha.domain.telemetry import RunStatus, TelemetryEvent

Emitted = Mapping[int, Mapping[EventId, TelemetryEvent]]


def check(database: MemoryDatabase, emitted: Emitted) -> None:
    """Assert that nothing was lost, nothing doubled, and nothing is left lying about."""
    assert not database.outbox, "events wait in the outbox"
    assert not database.dead_letters, "events died"
    for (_, external_id), source in database.sources.items():
        tables = database.of(source.organisation_id)
        _nothing_is_lost(tables, emitted[external_id])
        _each_effect_happened_once(tables, len(emitted[external_id]))
        unfinished = [run for run in tables.runs.values() if run.status is RunStatus.RUNNING]
        assert not unfinished, "a run was begun and never ended"


def _nothing_is_lost(tables: OrganisationTables, emitted: Mapping[EventId, TelemetryEvent]) -> None:
    stored = {key: [row.event for row in rows] for key, rows in tables.events.items()}
    assert stored == {key: [event] for key, event in emitted.items()}


def _each_effect_happened_once(tables: OrganisationTables, distinct: int) -> None:
    in_pages = sum(len(msgspec.json.decode(zlib.decompress(page))) for page in tables.raw_pages.values())
    counted = tables.throughput.values()
    assert sum(count.received for count in counted) == in_pages
    assert sum(count.inserted for count in counted) == distinct
    assert len(tables.inbox) == len(tables.raw_pages), "one event a committed page, digested once"
