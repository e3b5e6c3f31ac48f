"""Figures of drivers and vehicles, as tests make them up."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, EventTypeId, TripId, VehicleId
from trilha.domain.performance import Conduct, Doing, EventKind, Journey, Rated, Tally

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ANA = DriverId(11)
BUS = VehicleId(7)


def tally(event_type: int, span: int = 0, count: int = 1, *, driver: int = ANA, seconds: float = 0.0) -> Tally:
    """As many moments as occurrences."""
    return Tally(DriverId(driver), EventTypeId(event_type), span, count, count, seconds)


def kind(event_type: int, description: str | None = None, classification: str = "driving_infraction") -> EventKind:
    return EventKind(EventTypeId(event_type), description or f"Type {event_type}", classification)


def rated(driver: int = ANA, name: str = "Ana Conceição", *, is_person: bool = True, active: bool = True) -> Rated:
    return Rated(DriverId(driver), name, "B-11", is_person, active)


def conduct(distance_km: float, doings: dict[int, Doing] | None = None, driving_s: float = 36_000.0) -> Conduct:
    done = {EventTypeId(one): doing for one, doing in (doings or {}).items()}
    return Conduct(distance_km, driving_s, 1, done)


def journey(
    number: int = 1,
    began_at: datetime = NOON,
    minutes: float | None = 60,
    *,
    distance_km: float | None = 30.0,
    vehicle: int = BUS,
    driver: int = ANA,
    standing_s: float | None = 0.0,
    ends: tuple[float | None, float | None] = (None, None),
) -> Journey:
    """A trip that drives all the time that it does not stand."""
    length_s = None if minutes is None else minutes * 60
    return Journey(
        id=TripId(number),
        driver_id=DriverId(driver),
        vehicle_id=VehicleId(vehicle),
        began_at=began_at,
        ended_at=None if minutes is None else began_at + timedelta(minutes=minutes),
        distance_km=distance_km,
        driving_s=None if length_s is None else length_s - (standing_s or 0.0),
        standing_s=standing_s,
        engine_s=length_s,
        fuel_l=10.0,
        max_speed_kmh=70.0,
        odometer_start_km=None,
        odometer_end_km=None,
        start_latitude_deg=-15.8 if ends[0] is not None else None,
        start_longitude_deg=ends[0],
        end_latitude_deg=-15.8 if ends[1] is not None else None,
        end_longitude_deg=ends[1],
    )


days = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
doings = st.builds(
    lambda count, seconds: Doing(count, count, seconds),
    st.integers(min_value=0, max_value=500),
    st.floats(min_value=0, max_value=100_000),
)
event_types = st.integers(min_value=1, max_value=6)
tallies = st.lists(
    st.builds(
        lambda event_type, span, count, driver: tally(event_type, span, count, driver=driver),
        event_types,
        st.integers(min_value=0, max_value=6),
        st.integers(min_value=0, max_value=50),
        st.integers(min_value=1, max_value=3),
    ),
    unique_by=lambda one: (one.driver_id, one.event_type_id, one.span),
    max_size=40,
)
kinds = st.lists(
    st.builds(
        kind,
        event_types,
        st.sampled_from(["Freada brusca", "Ócio", "ócio", "Excesso de velocidade"]),
        st.sampled_from(["driving_infraction", "unclassified", "safety"]),
    ),
    unique_by=lambda one: one.event_type_id,
)
