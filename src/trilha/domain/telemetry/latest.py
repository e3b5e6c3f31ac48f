"""Where vehicles are now."""

from collections.abc import Iterable
from datetime import datetime

from trilha.domain.kernel import VehicleId
from trilha.domain.telemetry.model import Position, is_from_the_future


def latest_positions(positions: Iterable[Position], now: datetime) -> dict[VehicleId, Position]:
    """The last one of each vehicle, by when it was there; what claims to be from the future is nobody's last."""
    latest: dict[VehicleId, Position] = {}
    for position in positions:
        known = latest.get(position.vehicle_id)
        if is_from_the_future(position.occurred_at, now):
            continue
        if known is None or _moment(known) < _moment(position):
            latest[position.vehicle_id] = position
    return latest


def _moment(position: Position) -> tuple[datetime, int]:
    return (position.occurred_at, position.id)
