"""Where vehicles are, to whoever is looking, once it is committed."""

import msgspec

from trilha.application.ports import VEHICLES, LiveFeed
from trilha.application.telemetry.views import VehiclePositionView, vehicle_position_view
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Position, SourcePage, latest_positions

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[VehiclePositionView])


async def publish_positions(live: LiveFeed, organisation_id: OrganisationId, page: SourcePage) -> None:
    """Send the last position that the page has of each vehicle; pages of other feeds have none."""
    positions = [record for record in page.records if isinstance(record, Position)]
    latest = latest_positions(positions, page.received_at).values()
    if latest:
        await live.publish(organisation_id, VEHICLES, _encoder.encode([vehicle_position_view(one) for one in latest]))


def read_positions(payload: bytes) -> list[VehiclePositionView]:
    """What `publish_positions` sent."""
    return _decoder.decode(payload)
