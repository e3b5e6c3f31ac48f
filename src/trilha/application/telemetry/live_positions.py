"""Where vehicles are, to whoever is looking, once it is committed."""

import msgspec

from trilha.application.ports import VEHICLES, LiveFeed
from trilha.application.telemetry.views import VehiclePositionView, vehicle_position_view
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry import Position, SourcePage, latest_positions

MAX_POSITIONS = 500
"""In a message: some 200 KB, where a broker commonly takes 1 MB and drops what is larger."""
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[VehiclePositionView])


async def publish_positions(live: LiveFeed, organisation_id: OrganisationId, page: SourcePage) -> None:
    """Send the last position that the page has of each vehicle, as many messages as it takes.

    Pages of other feeds have none.
    """
    positions = [record for record in page.records if isinstance(record, Position)]
    latest = latest_positions(positions, page.received_at).values()
    views = [vehicle_position_view(one, page.received_at) for one in latest]
    for first in range(0, len(views), MAX_POSITIONS):
        await live.publish(organisation_id, VEHICLES, _encoder.encode(views[first : first + MAX_POSITIONS]))


def read_positions(payload: bytes) -> list[VehiclePositionView]:
    """What `publish_positions` sent."""
    return _decoder.decode(payload)
