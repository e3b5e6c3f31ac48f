"""What an organisation decided about scores and forms, and the forms that it gave out, inside a unit of work."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from trilha.adapters.memory.database import Draft, OrganisationTables
from trilha.domain.kernel import Conflict, DayRange, DriverId
from trilha.domain.performance import PerformanceSettings, PrintedForm, ScorePolicy


class MemoryPerformanceChoices:
    """See PerformanceChoices."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._settings = Draft(tables.performance_settings)
        self._policies = Draft(tables.score_policies)

    async def settings(self) -> PerformanceSettings | None:
        """The settings in force."""
        kept = self._settings.all()
        return kept[max(kept)] if kept else None

    async def save_settings(self, settings: PerformanceSettings, at: datetime) -> None:  # noqa: ARG002 - for people who look into the table
        """Write the next version."""
        _require_next(settings.version, len(self._settings.all()))
        self._settings.put(settings.version, settings)

    async def score_policy(self) -> ScorePolicy | None:
        """The policy in force."""
        kept = self._policies.all()
        return kept[max(kept)] if kept else None

    async def save_score_policy(self, policy: ScorePolicy, at: datetime) -> None:  # noqa: ARG002 - as above
        """Write the next version."""
        _require_next(policy.version, len(self._policies.all()))
        self._policies.put(policy.version, policy)

    @property
    def is_stale(self) -> bool:
        """Whether another transaction wrote the same version meanwhile."""
        return self._settings.is_stale or self._policies.is_stale

    def apply(self) -> None:
        """Commit."""
        self._settings.apply()
        self._policies.apply()


class MemoryPrintedForms:
    """See PrintedForms."""

    def __init__(self, tables: OrganisationTables) -> None:
        self._forms = Draft(tables.guidance_forms)

    async def add(self, printed: PrintedForm) -> None:
        """Keep one."""
        self._forms.put(printed.id, printed)

    async def get(self, form_id: UUID) -> PrintedForm | None:
        """One of them."""
        return self._forms.get(form_id)

    async def last(self, driver_id: DriverId, analysed: DayRange) -> PrintedForm | None:
        """The one printed last for that driver and exactly those days."""
        return next((one for one in self._newest_first(driver_id) if one.form.analysed == analysed), None)

    async def of_driver(
        self, driver_id: DriverId, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> Sequence[PrintedForm]:
        """The newest of a driver."""
        found = self._newest_first(driver_id)
        return [one for one in found if before is None or (one.printed_at, one.id) < before][:limit]

    @property
    def is_stale(self) -> bool:
        """Never: each form has an id of its own."""
        return self._forms.is_stale

    def apply(self) -> None:
        """Commit."""
        self._forms.apply()

    def _newest_first(self, driver_id: DriverId) -> list[PrintedForm]:
        found = [one for one in self._forms.all().values() if one.driver_id == driver_id]
        return sorted(found, key=lambda one: (one.printed_at, one.id), reverse=True)


def _require_next(version: int, last: int) -> None:
    if version != last + 1:
        raise Conflict(f"version {version} does not follow the one in force: read it again")
