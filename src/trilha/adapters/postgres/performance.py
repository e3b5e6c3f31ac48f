"""What an organisation decided about scores and forms, and the forms that it gave out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString, TypeVar
from uuid import UUID

import msgspec

from trilha.adapters.postgres.session import Row, Session
from trilha.domain.kernel import Conflict, DayRange, DriverId, OrganisationId
from trilha.domain.performance import GuidanceForm, PerformanceSettings, PrintedCount, PrintedForm, ScorePolicy

Decided = TypeVar("Decided", PerformanceSettings, ScorePolicy)
_COLUMNS: Final[LiteralString] = "id, driver_id, form::text, counts::text, printed_at"
_NEWEST_FIRST: Final[LiteralString] = "order by printed_at desc, id desc limit %s"
_form = msgspec.json.Decoder(GuidanceForm)
_counts = msgspec.json.Decoder(tuple[PrintedCount, ...])
_encoder = msgspec.json.Encoder()


class PostgresPerformanceChoices:
    """See PerformanceChoices."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def settings(self) -> PerformanceSettings | None:
        """The settings in force."""
        return await self._last("performance_settings", PerformanceSettings)

    async def save_settings(self, settings: PerformanceSettings, at: datetime) -> None:
        """Write the next version."""
        await self._save("performance_settings", settings, at)

    async def score_policy(self) -> ScorePolicy | None:
        """The policy in force."""
        return await self._last("score_policies", ScorePolicy)

    async def save_score_policy(self, policy: ScorePolicy, at: datetime) -> None:
        """Write the next version."""
        await self._save("score_policies", policy, at)

    async def _last(self, table: LiteralString, kind: type[Decided]) -> Decided | None:
        rows = await self._session.rows(f"select decided::text from {table} order by version desc limit 1")
        return msgspec.json.decode(rows[0][0], type=kind) if rows else None

    async def _save(self, table: LiteralString, decided: PerformanceSettings | ScorePolicy, at: datetime) -> None:
        written = await self._session.changed(
            f"insert into {table} (organisation_id, version, decided, saved_at) "
            "select %(organisation)s, %(version)s, %(decided)s::jsonb, %(at)s "
            f"where %(version)s = 1 + (select coalesce(max(version), 0) from {table}) on conflict do nothing",
            {
                "organisation": self._organisation_id,
                "version": decided.version,
                "decided": _encoder.encode(decided).decode(),
                "at": at,
            },
        )
        if not written:
            raise Conflict(f"version {decided.version} does not follow the one in force: read it again")


class PostgresPrintedForms:
    """See PrintedForms."""

    def __init__(self, session: Session, organisation_id: OrganisationId) -> None:
        self._session = session
        self._organisation_id = organisation_id

    async def add(self, printed: PrintedForm) -> None:
        """Keep one."""
        self._session.later(
            "insert into guidance_forms "
            "(organisation_id, id, driver_id, first_day, last_day, data_version, form, counts, printed_at) "
            "values (%s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s)",
            (
                self._organisation_id,
                printed.id,
                printed.driver_id,
                printed.form.analysed.first,
                printed.form.analysed.last,
                printed.form.data_version,
                _encoder.encode(printed.form).decode(),
                _encoder.encode(printed.counts).decode(),
                printed.printed_at,
            ),
        )

    async def get(self, form_id: UUID) -> PrintedForm | None:
        """One of them."""
        rows = await self._session.rows(f"select {_COLUMNS} from guidance_forms where id = %s", (form_id,))
        return _printed(rows[0]) if rows else None

    async def last(self, driver_id: DriverId, analysed: DayRange) -> PrintedForm | None:
        """The one printed last for that driver and exactly those days."""
        rows = await self._session.rows(
            f"select {_COLUMNS} from guidance_forms "
            f"where driver_id = %s and first_day = %s and last_day = %s {_NEWEST_FIRST}",
            (driver_id, analysed.first, analysed.last, 1),
        )
        return _printed(rows[0]) if rows else None

    async def of_driver(
        self, driver_id: DriverId, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PrintedForm]:
        """The newest of a driver."""
        following: LiteralString = "" if before is None else "and (printed_at, id) < (%s, %s)"
        rows = await self._session.rows(
            f"select {_COLUMNS} from guidance_forms where driver_id = %s {following} {_NEWEST_FIRST}",
            (driver_id, *(before or ()), limit),
        )
        return [_printed(row) for row in rows]


def _printed(row: Row) -> PrintedForm:
    key, driver_id, form, counts, printed_at = row
    return PrintedForm(
        id=key,
        driver_id=DriverId(driver_id),
        form=_form.decode(form),
        counts=_counts.decode(counts),
        printed_at=printed_at.astimezone(UTC),
    )
