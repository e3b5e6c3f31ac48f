"""Telemetry events and the log of ingestion as screens show them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

import msgspec

from trilha.adapters.postgres.ingestion import run_of
from trilha.adapters.postgres.json_text import (
    identifier,
    identifier_or_null,
    json_object,
    number_or_null,
    plain,
    text,
    text_or_null,
    time,
    time_or_null,
)
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.pools import Pool
from trilha.adapters.postgres.reading import Listing, Where, read, read_page
from trilha.application.paging import decode_cursor, encode_cursor
from trilha.application.ports import Page, PageRequest
from trilha.application.telemetry.queries import EventFilter
from trilha.application.telemetry.views import CheckpointView, EventView, RunView, run_view
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import IngestionRun


def _point(latitude: LiteralString, longitude: LiteralString) -> LiteralString:
    """Null where either half is missing, as null makes the whole of `||` null."""
    return f"coalesce('{{\"latitude_deg\":' || {latitude} || ',\"longitude_deg\":' || {longitude} || '}}', 'null')"


_EVENT: Final = json_object(
    {
        "id": identifier("e.id"),
        "occurred_at": time("e.occurred_at"),
        "started_at": time_or_null("e.started_at"),
        "ended_at": time_or_null("e.ended_at"),
        "received_at": time("e.received_at"),
        "driver_id": identifier("e.driver_id"),
        "vehicle_id": identifier("e.vehicle_id"),
        "event_type_id": identifier("e.event_type_id"),
        "description": text_or_null("t.description"),
        "classification": text("coalesce(t.shown_as, 'unclassified')"),
        "category": text("e.category"),
        "occurrences": plain("e.occurrences"),
        "duration_s": number_or_null("e.duration_s"),
        "value": number_or_null("e.value"),
        "value_kind": text_or_null("e.value_kind"),
        "value_unit": text_or_null("e.value_unit"),
        "speed_limit_kmh": number_or_null("e.speed_limit_kmh"),
        "fuel_used_l": number_or_null("e.fuel_used_l"),
        "odometer_start_km": number_or_null("e.odometer_start_km"),
        "odometer_end_km": number_or_null("e.odometer_end_km"),
        "start": _point("e.start_latitude_deg", "e.start_longitude_deg"),
        "end": _point("e.end_latitude_deg", "e.end_longitude_deg"),
        "location_id": identifier_or_null("e.location_id"),
    }
)
_RUN_COLUMNS: Final = ", ".join(IngestionRun.__struct_fields__)


def _time_and_id(key: Sequence[str]) -> tuple[object, ...]:
    moment, number = key
    return datetime.fromisoformat(moment), int(number)


_EVENTS: Final = Listing(
    "events",
    f"select {_EVENT}, e.occurred_at, e.id from telemetry_events e "
    "left join event_types t on t.organisation_id = e.organisation_id and t.id = e.event_type_id",
    "e.occurred_at desc, e.id desc",
    _time_and_id,
)


class PostgresTelemetryQueries:
    """See TelemetryQueries. Items are JSON from the database."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def events(
        self, organisation_id: OrganisationId, where: EventFilter, page: PageRequest
    ) -> Page[EventView | msgspec.Raw]:
        """Events, newest first."""
        conditions = _event_conditions(where)
        if page.cursor is not None:
            moment, key = decode_cursor("events", page.cursor, tuple[datetime, int])
            # the first part lets partitions be left out, which they are not for a comparison of rows
            conditions.add("e.occurred_at <= %s and (e.occurred_at, e.id) < (%s, %s)", moment, moment, key)
        return await read_page(self._lanes, organisation_id, _EVENTS, conditions, page)


class PostgresIngestionQueries:
    """See IngestionQueries."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def runs(
        self, organisation_id: OrganisationId, kind: str | None, status: str | None, page: PageRequest
    ) -> Page[RunView]:
        """Runs, newest first."""
        where = Where()
        if kind is not None:
            where.add("kind = %s", kind)
        if status is not None:
            where.add("status = %s", status)
        if page.cursor is not None:
            where.add("(started_at, id) < (%s, %s)", *decode_cursor("runs", page.cursor, tuple[datetime, UUID]))
        rows = await read(
            self._pool,
            organisation_id,
            f"select {_RUN_COLUMNS} from ingestion_runs {where.sql} order by started_at desc, id desc limit %s",
            (*where.params, page.limit + 1),
        )
        views = [run_view(run_of(row)) for row in rows[: page.limit]]
        following = encode_cursor("runs", (views[-1].started_at, views[-1].id)) if len(rows) > page.limit else None
        return Page(items=views, next_cursor=following)

    async def checkpoints(self, organisation_id: OrganisationId, now: datetime) -> list[CheckpointView]:
        """Every stream that was ever begun."""
        rows = await read(
            self._pool,
            organisation_id,
            "select c.stream, c.token, c.token_time, c.moved_at, c.checked_at, c.version, "
            "(select count(*) from gaps g where g.stream = c.stream and g.closed_at is null) "
            "from checkpoints c order by c.stream",
            (),
        )
        return [
            CheckpointView(
                stream=stream,
                token=token,
                token_time=token_time.astimezone(UTC),
                token_age_s=(now - token_time).total_seconds(),
                moved_at=moved_at.astimezone(UTC),
                checked_at=checked_at.astimezone(UTC),
                pages=version,
                open_gaps=open_gaps,
            )
            for stream, token, token_time, moved_at, checked_at, version, open_gaps in rows
        ]


def _event_conditions(where: EventFilter) -> Where:
    conditions = Where()
    if where.occurred.start is not None:
        conditions.add("e.occurred_at >= %s", where.occurred.start)
    if where.occurred.end is not None:
        conditions.add("e.occurred_at < %s", where.occurred.end)
    if where.driver_id is not None:
        conditions.add("e.driver_id = %s", where.driver_id)
    if where.vehicle_id is not None:
        conditions.add("e.vehicle_id = %s", where.vehicle_id)
    if where.event_type_id is not None:
        conditions.add("e.event_type_id = %s", where.event_type_id)
    if where.classification is not None:
        conditions.add("coalesce(t.shown_as, 'unclassified') = %s", where.classification)
    return conditions
