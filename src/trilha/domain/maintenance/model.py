"""Plans of maintenance, the services that were done, and what vehicles have run since."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from trilha.domain.kernel import GroupId, InvalidValue, VehicleId, check_source_id, utc

MAX_NAME_CHARS = 100
MAX_NOTE_CHARS = 500
MAX_VEHICLES = 5_000
MOST_KM = 10_000_000
MOST_ENGINE_H = 1_000_000
MOST_DAYS = 36_500
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)
WARN_SHARE = 0.1
"""A plan that does not say when to warn warns when a tenth of its interval is left."""


class Limit(StrEnum):
    """What can make a service due."""

    DISTANCE = "distance"
    ENGINE_HOURS = "engine_hours"
    DATE = "date"


class MaintenancePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A service that vehicles need again and again: every so many km, hours of the engine or days, whichever is first.

    It is for the vehicles of a group and those below it, for those that are named, or else for the whole fleet.
    `starts_on` is the day from which a vehicle without a recorded service is counted.
    """

    id: UUID
    name: str
    starts_on: date
    every_km: float | None = None
    every_engine_h: float | None = None
    every_days: int | None = None
    warn_before_km: float | None = None
    warn_before_engine_h: float | None = None
    warn_before_days: int | None = None
    group_id: GroupId | None = None
    vehicle_ids: tuple[VehicleId, ...] | None = None
    active: bool = True
    version: int = 0

    def __post_init__(self) -> None:
        _check_text("name", self.name, MAX_NAME_CHARS)
        _check_day("starts_on", self.starts_on)
        if self.every_km is None and self.every_engine_h is None and self.every_days is None:
            raise InvalidValue("every_km", None, "at least one of every_km, every_engine_h and every_days")
        for unit, most in (("km", MOST_KM), ("engine_h", MOST_ENGINE_H), ("days", MOST_DAYS)):
            self._check_interval(unit, most)
        self._check_vehicles()

    def _check_interval(self, unit: str, most: float) -> None:
        every: float | None = getattr(self, f"every_{unit}")
        warn: float | None = getattr(self, f"warn_before_{unit}")
        if every is not None and not 0 < every <= most:
            raise InvalidValue(f"every_{unit}", every, f"more than 0 and at most {most}")
        if warn is not None and (every is None or not 0 <= warn < every):
            raise InvalidValue(f"warn_before_{unit}", warn, f"0 or more and less than every_{unit}, which is {every}")

    def _check_vehicles(self) -> None:
        if self.group_id is not None:
            check_source_id(self.group_id, "group_id")
        if self.vehicle_ids is None:
            return
        if self.group_id is not None:
            raise InvalidValue("vehicle_ids", len(self.vehicle_ids), "none beside group_id: name one of the two")
        if not 1 <= len(self.vehicle_ids) <= MAX_VEHICLES or len(set(self.vehicle_ids)) < len(self.vehicle_ids):
            raise InvalidValue(
                "vehicle_ids", len(self.vehicle_ids), f"1 to {MAX_VEHICLES} vehicles, none of them twice"
            )
        for vehicle_id in self.vehicle_ids:
            check_source_id(vehicle_id, "vehicle_ids")


class ServiceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A service that was done. `odometer_km` and `engine_h` are what the vehicle showed, where somebody wrote it down.

    Of several on one day the one recorded last counts, so a mistake is put right by recording it again.
    """

    id: UUID
    plan_id: UUID
    vehicle_id: VehicleId
    done_on: date
    recorded_at: datetime
    recorded_by: str
    odometer_km: float | None = None
    engine_h: float | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        check_source_id(self.vehicle_id, "vehicle_id")
        utc(self.recorded_at, "recorded_at")
        _check_day("done_on", self.done_on)
        for field, value, most in (
            ("odometer_km", self.odometer_km, MOST_KM),
            ("engine_h", self.engine_h, MOST_ENGINE_H),
        ):
            if value is not None and not 0 <= value <= most:
                raise InvalidValue(field, value, f"0 to {most}")
        if self.note is not None:
            _check_text("note", self.note, MAX_NOTE_CHARS)

    @property
    def order(self) -> tuple[date, datetime, UUID]:
        """By this the last one is found."""
        return (self.done_on, self.recorded_at, self.id)


class Basis(msgspec.Struct, frozen=True):
    """From what a plan counts for a vehicle: its last service, or the plan's start. `cycle_id` names this round."""

    cycle_id: UUID
    since: date
    odometer_km: float | None = None


def basis_of(plan: MaintenancePlan, last: ServiceRecord | None) -> Basis:
    """The last service, or the plan's start where none was recorded."""
    if last is None:
        return Basis(plan.id, plan.starts_on)
    return Basis(last.id, last.done_on, last.odometer_km)


class Odometer(msgspec.Struct, frozen=True, gc=False):
    """What a vehicle's odometer showed at the first trip since some moment, and shows now; None where nobody knows."""

    then_km: float | None = None
    now_km: float | None = None


class Driven(msgspec.Struct, frozen=True, gc=False):
    """What a vehicle's trips since some moment sum up to."""

    km: float = 0.0
    engine_h: float = 0.0


class OdometerTrouble(StrEnum):
    """Why the odometer was not believed, so that the distance is the sum of the trips."""

    ABSENT = "odometer_absent"
    WENT_BACK = "odometer_went_back"
    """It shows less than at the last service: it was replaced, or one of the two was misread."""
    JUMPED = "odometer_jumped"
    """It ran further than a vehicle can."""


class VehicleUsage(msgspec.Struct, frozen=True):
    """What a vehicle has run since its basis, and a day on average lately."""

    km: float
    engine_h: float
    km_a_day: float
    engine_h_a_day: float
    odometer_km: float | None = None
    trouble: OdometerTrouble | None = None


def _check_text(field: str, text: str, most: int) -> None:
    if not 1 <= len(text.strip()) <= len(text) <= most or "\0" in text:
        raise InvalidValue(field, text, f"1 to {most} characters, none of them NUL")


def _check_day(field: str, day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise InvalidValue(field, day.isoformat(), f"a day from {EARLIEST} to {LATEST}")
