"""What vehicles are watched by, and what comes of it."""

from datetime import timedelta

from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, VehicleId
from trilha.domain.monitoring import Geofence, GeofenceChanged, GeofenceContent, GeofenceCreated, GeofenceDeleted, Visit
from trilha.testing.strategies.areas import areas
from trilha.testing.strategies.values import Strategy, geo_points, instants, names, source_ids, uuids7

GeofenceFact = GeofenceCreated | GeofenceChanged | GeofenceDeleted


def geofence_contents() -> Strategy[GeofenceContent]:
    """What people decide about geofences."""
    return st.builds(
        GeofenceContent,
        name=names(),
        area=areas(),
        description=st.none() | names(),
        color=st.none() | st.integers(0, 0xFFFFFF).map(lambda color: f"#{color:06x}"),
        active=st.booleans(),
    )


@st.composite
def geofences(draw: st.DrawFn) -> Geofence:
    """First versions."""
    now = draw(instants())
    return Geofence(id=draw(uuids7()), content=draw(geofence_contents()), created_at=now, changed_at=now)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    """Visits that are over, and that go on."""
    entered_at = draw(instants())
    is_over = draw(st.booleans())
    return Visit(
        id=draw(uuids7()),
        geofence_id=draw(uuids7()),
        vehicle_id=VehicleId(draw(source_ids())),
        driver_id=draw(st.none() | source_ids().map(DriverId)),
        entered_at=entered_at,
        entry=draw(st.none() | geo_points()),
        left_at=entered_at + timedelta(seconds=draw(st.integers(0, 10**8))) if is_over else None,
        exit=draw(st.none() | geo_points()) if is_over else None,
    )


def geofence_events() -> Strategy[GeofenceFact]:
    """Every domain event of geofences."""
    return st.one_of(
        geofences().map(GeofenceCreated.of),
        st.builds(GeofenceChanged.of, geofences(), geofences()),
        geofences().map(GeofenceDeleted.of),
    )
