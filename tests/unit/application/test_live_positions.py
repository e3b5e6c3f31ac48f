"""What a page tells those who look at the map."""

from datetime import UTC, datetime

from tests.unit.application.conftest import ORGANISATION_ID
from trilha.adapters.memory import MemoryLiveFeed
from trilha.application.ports import VEHICLES
from trilha.application.telemetry.live_positions import MAX_POSITIONS, publish_positions, read_positions
from trilha.domain.kernel import DriverId, PositionId, VehicleId
from trilha.domain.telemetry import Position, SourcePage, Stream

RECEIVED_AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BROKER_TAKES_BYTES = 1_000_000
VEHICLE_COUNT = 2 * MAX_POSITIONS + 1


async def test_a_large_page_goes_in_messages_that_a_broker_takes() -> None:
    live = MemoryLiveFeed()
    await publish_positions(live, ORGANISATION_ID, _page(VEHICLE_COUNT))
    payloads = [one.payload for one in await live.missed(ORGANISATION_ID, VEHICLES, 0, 10)]
    sent = [read_positions(payload) for payload in payloads]
    assert [len(views) for views in sent] == [MAX_POSITIONS, MAX_POSITIONS, 1]
    assert max(map(len, payloads)) < BROKER_TAKES_BYTES / 2
    assert {view.vehicle_id for views in sent for view in views} == {str(number) for number in range(VEHICLE_COUNT)}


async def test_a_live_position_tells_when_it_was_received() -> None:
    live = MemoryLiveFeed()
    await publish_positions(live, ORGANISATION_ID, _page(1))
    (message,) = await live.missed(ORGANISATION_ID, VEHICLES, 0, 10)
    assert [view.received_at for view in read_positions(message.payload)] == [RECEIVED_AT]


def _page(vehicles: int) -> SourcePage:
    return SourcePage(
        stream=Stream.POSITIONS,
        asked_for="1",
        next_token="2",
        has_more=False,
        received_at=RECEIVED_AT,
        body=b"",
        records=[_position(number) for number in range(vehicles)],
    )


def _position(number: int) -> Position:
    return Position(
        id=PositionId(-(2**62) - number),
        occurred_at=RECEIVED_AT,
        driver_id=DriverId(-(2**62)),
        vehicle_id=VehicleId(number),
        latitude_deg=-23.5678901234567,
        longitude_deg=-46.6543210987654,
        speed_kmh=61.23456789,
        heading_deg=123,
        odometer_km=123456.789,
        source="GPS",
    )
