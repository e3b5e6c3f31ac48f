"""A bus company in memory: drivers, vehicles, events and trips that tests put in one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from trilha.adapters.memory import (
    MemoryDatabase,
    MemoryDepot,
    MemoryDrivingRecords,
    MemoryOrganisations,
    MemoryRoster,
    MemoryUnitsOfWork,
    SimulatedClock,
    SimulatedIds,
)
from trilha.adapters.memory.database import StoredRecord
from trilha.adapters.memory.reader import feed_of
from trilha.domain.fleet import Classification, Driver, DriverKind, EventType, Group, Vehicle
from trilha.domain.identity import Organisation
from trilha.domain.kernel import DriverId, EventId, EventTypeId, GroupId, OrganisationId, TripId, VehicleId
from trilha.domain.performance import GuidanceForm
from trilha.domain.telemetry import Record, Standing, Stream, TelemetryEvent, Trip

BRASILIA = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2025, 11, 9, 15, tzinfo=UTC)
"""A Sunday at noon in Brasilia."""
ANA, BIA, CAIO, NOBODY, STRANGER = (DriverId(n) for n in (11, 12, 13, 90, 99))
BUS, VAN, UNKNOWN_BUS = (VehicleId(n) for n in (71, 72, 79))
GARAGE, LINE = GroupId(1), GroupId(2)
SPEEDING = EventTypeId(-3890646499157906515)
BRAKING = EventTypeId(4750800303282680186)
OWN_TYPE, LOOSE = EventTypeId(501), EventTypeId(502)
HOUR = timedelta(hours=1)


def at(day: date, hour: float = 8) -> datetime:
    """By the clocks of Brasilia."""
    return datetime(day.year, day.month, day.day, tzinfo=BRASILIA).astimezone(UTC) + hour * HOUR


class Company:
    """One organisation with three drivers, one of them away, and what drove without a name."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOW)
        self.ids = SimulatedIds(self.clock)
        self.database = MemoryDatabase(self.clock, self.ids)
        self.id = OrganisationId(UUID(int=5))
        self.database.organisations[self.id] = Organisation(self.id, "Viação Aurora", "America/Sao_Paulo", NOW)
        self.records = MemoryDrivingRecords(self.database)
        self.roster = MemoryRoster(self.database)
        self.depot = MemoryDepot(self.database)
        self.organisations = MemoryOrganisations(self.database)
        self.units = MemoryUnitsOfWork(self.database)
        self._made = 0
        self._fill()

    @property
    def counting(self) -> dict[str, Any]:
        """What use cases about counts take."""
        return {
            "records": self.records,
            "roster": self.roster,
            "organisations": self.organisations,
            "units": self.units,
            "clock": self.clock,
        }

    def _fill(self) -> None:
        self.add(Group(GARAGE, "Garagem"), Group(LINE, "Linha 1", parent_id=GARAGE))
        self.add(
            Driver(ANA, "Ana Conceição", "B-11", LINE),
            Driver(BIA, "Bia Souza", None, LINE),
            Driver(CAIO, "Caio Lima", "B-13", GARAGE, active=False),
            Driver(NOBODY, "Unknown driver", None, GARAGE, DriverKind.UNKNOWN),
        )
        self.add(Vehicle(BUS, "Ônibus 1", "ABC1D23", "1", LINE), Vehicle(VAN, "Van", group_id=GARAGE))
        self.add(
            EventType(SPEEDING, "Excesso de velocidade", classification=Classification.DRIVING_INFRACTION),
            EventType(BRAKING, "Freada brusca", classification=Classification.DRIVING_INFRACTION),
            EventType(OWN_TYPE, "Celular", classification=Classification.DRIVING_INFRACTION),
            EventType(LOOSE, "Evento novo"),
        )

    def add(self, *records: Group | Driver | Vehicle | EventType) -> None:
        """Insert or overwrite master data."""
        kinds = {Group: "groups", Driver: "drivers", Vehicle: "vehicles", EventType: "event_types"}
        for record in records:
            self.database.of(self.id).master[kinds[type(record)]][record.id] = record

    def event(self, event_type: int, occurred_at: datetime, driver: int = ANA, count: int = 1, **given: Any) -> EventId:
        self._made += 1
        event = TelemetryEvent(
            id=EventId(self._made),
            occurred_at=occurred_at,
            driver_id=DriverId(driver),
            vehicle_id=BUS,
            event_type_id=EventTypeId(event_type),
            occurrences=count,
            **given,
        )
        self._keep(event)
        return event.id

    def trip(
        self, began_at: datetime, hours: float = 1, km: float | None = 50.0, driver: int = ANA, **given: Any
    ) -> TripId:
        """A trip that drives all the time that it does not stand."""
        self._made += 1
        standing_s = given.pop("standing_time_s", 0.0)
        trip = Trip(
            id=TripId(self._made),
            occurred_at=began_at,
            driver_id=DriverId(driver),
            vehicle_id=given.pop("vehicle_id", BUS),
            started_at=began_at,
            ended_at=began_at + hours * HOUR,
            distance_km=km,
            driving_time_s=hours * 3600 - standing_s,
            standing_time_s=standing_s,
            engine_s=int(hours * 3600),
            fuel_used_l=10.0,
            **given,
        )
        self._keep(trip)
        return trip.id

    def _keep(self, record: Record) -> None:
        stored = StoredRecord(record=record, page_id=self.ids.new(), received_at=NOW)
        self.database.of(self.id).records[feed_of(record)][record.id] = (stored,)

    def withdraw(self, event_id: EventId) -> None:
        """As an amendment of the source does."""
        standing = Standing(stream=Stream.EVENTS, record_id=event_id, withdrawn_at=NOW)
        self.database.of(self.id).amended[Stream.EVENTS, event_id] = standing

    def reassign(self, event_id: EventId, driver: int) -> None:
        """As an amendment of the source does."""
        standing = Standing(Stream.EVENTS, event_id, DriverId(driver), NOW, None)
        self.database.of(self.id).amended[Stream.EVENTS, event_id] = standing


class PlainPrinter:
    """Prints the whole form as plain text, so that tests see what a printer was given."""

    def print(self, form: GuidanceForm) -> bytes:
        return b"%PDF-" + repr(form).encode()


def drive_weeks(company: Company, drivers: Sequence[int] = (ANA, BIA)) -> None:
    """Every day of the four weeks before, 50 km each."""
    for number in range(1, 29):
        day = NOW.date() - timedelta(days=number)
        for driver in drivers:
            company.trip(at(day, 8 if driver == ANA else 12), driver=driver)
