"""Where all vehicles were seen last."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from trilha.application.telemetry.views import VehiclePositionView


class LastPositionView(VehiclePositionView, frozen=True, kw_only=True):
    """A position with the seconds that have passed since; below 0 where a device's clock is a little ahead."""

    age_s: float


def last_positions(positions: Sequence[VehiclePositionView], now: datetime) -> tuple[LastPositionView, ...]:
    """The same with their ages."""
    return tuple(
        LastPositionView(**msgspec.structs.asdict(one), age_s=(now - one.occurred_at).total_seconds())
        for one in positions
    )
