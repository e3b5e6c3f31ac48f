"""Where vehicles are now, without reading where they have been.

The last position of a vehicle is one step into the index on vehicle and time, and so is the next vehicle there, which
matters because positions may come from vehicles that the fleet does not know. Nearly all have reported lately, so
older months are asked for those of the fleet that have not. A vehicle that the fleet does not know and that has been
silent for longer than this month and a week is left out: looking for it in thirteen months took 80 ms a read.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString

import msgspec

from trilha.adapters.postgres.errors import translated
from trilha.adapters.postgres.fleet_queries import INSIDE
from trilha.adapters.postgres.lanes import Lanes
from trilha.adapters.postgres.pipelined import Value
from trilha.adapters.postgres.record_json import POSITION
from trilha.application.telemetry.views import VehiclePositionView
from trilha.domain.kernel import OrganisationId
from trilha.domain.telemetry.model import CLOCK_TOLERANCE

_LATELY: Final = timedelta(days=7)
_decoder: Final = msgspec.json.Decoder(list[VehiclePositionView])

_POSITIONS: Final[LiteralString] = f"select r.vehicle_id, {POSITION} as json from positions r where"
_LATE: Final[LiteralString] = "r.occurred_at >= %s and r.occurred_at <= %s"
_EARLY: Final[LiteralString] = "r.occurred_at < %s"
_NEXT: Final[LiteralString] = "order by r.vehicle_id, r.occurred_at desc, r.id desc limit 1"
_LAST: Final[LiteralString] = "order by r.occurred_at desc, r.id desc limit 1"

_RECENT: Final[LiteralString] = (
    f"recent as (({_POSITIONS} {_LATE} {_NEXT}) union all select p.* from recent "
    f"cross join lateral ({_POSITIONS} {_LATE} and r.vehicle_id > recent.vehicle_id {_NEXT}) p), "
    "wanted as (select id from vehicles)"
)
_RECENT_IN_GROUP: Final[LiteralString] = (
    f"{INSIDE}, "
    "wanted as (select v.id from vehicles v where v.group_id in (select id from inside)), "
    f"recent as (select p.* from wanted cross join lateral ({_POSITIONS} {_LATE} and r.vehicle_id = wanted.id "
    f"{_LAST}) p)"
)
_AND_EARLIER: Final[LiteralString] = (
    "select vehicle_id, json from recent union all select p.* from wanted "
    f"cross join lateral ({_POSITIONS} {_EARLY} and r.vehicle_id = wanted.id {_LAST}) p "
    "where wanted.id not in (select vehicle_id from recent) order by vehicle_id"
)
_OF_ALL: Final[LiteralString] = f"with recursive {_RECENT} {_AND_EARLIER}"
_OF_GROUP: Final[LiteralString] = f"with recursive {_RECENT_IN_GROUP} {_AND_EARLIER}"


async def read_latest(
    lanes: Lanes, organisation_id: OrganisationId, now: datetime, group_id: int | None
) -> list[VehiclePositionView]:
    """See TelemetryQueries.latest_positions; by vehicle."""
    # from the first of a month, for then every row of the partitions that are read is wanted
    low = (now - _LATELY).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    late = (low, now + CLOCK_TOLERANCE)
    values: tuple[Value, ...] = (*late, *late, low) if group_id is None else (group_id, *late, low)
    statement = _OF_ALL if group_id is None else _OF_GROUP
    with translated():
        rows = await lanes.read(str(organisation_id), statement, values)
    lines = [rows.get_value(row, 1) or b"" for row in range(rows.ntuples)]
    return _decoder.decode(b"[" + b",".join(lines) + b"]")
