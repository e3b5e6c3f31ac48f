"""The shared kernel: the few values and rules that every context speaks. Small on purpose."""

from trilha.domain.kernel.amounts import to_thousandths
from trilha.domain.kernel.days import DayRange, next_local, require_years, start_of_day
from trilha.domain.kernel.errors import Conflict, DomainError, InvalidValue, NotFound, require_unchanged
from trilha.domain.kernel.events import DomainEvent
from trilha.domain.kernel.ids import (
    DriverId,
    EventId,
    EventTypeId,
    GroupId,
    OrganisationId,
    PositionId,
    TripId,
    UserId,
    VehicleId,
    check_source_id,
    parse_source_id,
)
from trilha.domain.kernel.months import MONTHS
from trilha.domain.kernel.point import GeoPoint
from trilha.domain.kernel.rejection import RejectedRecord
from trilha.domain.kernel.source import (
    SinceTokenTooOld,
    SourceError,
    SourceNotPermitted,
    SourceRefused,
    SourceUnavailable,
)
from trilha.domain.kernel.text import fold
from trilha.domain.kernel.time import TimeRange, utc

__all__ = [
    "MONTHS",
    "Conflict",
    "DayRange",
    "DomainError",
    "DomainEvent",
    "DriverId",
    "EventId",
    "EventTypeId",
    "GeoPoint",
    "GroupId",
    "InvalidValue",
    "NotFound",
    "OrganisationId",
    "PositionId",
    "RejectedRecord",
    "SinceTokenTooOld",
    "SourceError",
    "SourceNotPermitted",
    "SourceRefused",
    "SourceUnavailable",
    "TimeRange",
    "TripId",
    "UserId",
    "VehicleId",
    "check_source_id",
    "fold",
    "next_local",
    "parse_source_id",
    "require_unchanged",
    "require_years",
    "start_of_day",
    "to_thousandths",
    "utc",
]
