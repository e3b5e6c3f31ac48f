"""Reading what requests on recorded data say: tokens, quantities, windows, lists of ids and filters."""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.messages import NOT_AUTHORISED, Request
from trilha.simulators.mix.refusals import Refused, bad_argument
from trilha.simulators.mix.routes import Asked
from trilha.simulators.mix.scenario import Behaviour
from trilha.simulators.mix.selection import EVERYTHING, Selection
from trilha.simulators.mix.stream import read_token
from trilha.simulators.mix.timeline import to_ms

_IDS = msgspec.json.Decoder(list[int], strict=False)
_SECONDS, _DAYS = "%Y%m%d%H%M%S", "%Y%m%d"
_DIGITS = {_SECONDS: 14, _DAYS: 8}
_DAY = timedelta(days=1)


class EventFilter(Struct, frozen=True, rename="pascal"):
    """The body of the event ranges (6.5); no types means all types."""

    entity_ids: list[int]
    event_type_ids: list[int] | None = None
    menu_id: str | None = None


_FILTER = msgspec.json.Decoder(EventFilter, strict=False)


def since_of(token: str, behaviour: Behaviour, now: datetime) -> int:
    """Milliseconds of a since token that is not too old."""
    try:
        since_ms = read_token(token, now)
    except ValueError as error:
        raise bad_argument(str(error)) from error
    if behaviour.reach_days and since_ms < to_ms(now - timedelta(days=behaviour.reach_days)):
        raise bad_argument(f"SinceToken must not be older than {behaviour.reach_days} days")
    return since_ms


def quantity_of(text: str, behaviour: Behaviour) -> int:
    """How many records a page should have."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= behaviour.most_items):
        raise bad_argument(f"Quantity must be from 1 to {behaviour.most_items}")
    return int(text)


def window_of(named: dict[str, str], behaviour: Behaviour, now: datetime) -> tuple[int, int]:
    """Milliseconds of the start and of the first moment that is not in the window any more."""
    start, end = _moment(named["start"], _SECONDS), _moment(named["end"], _SECONDS)
    if end < start:
        raise bad_argument("To must not be before From")
    if behaviour.range_days and end - start > timedelta(days=behaviour.range_days):
        raise bad_argument(f"The date range must not be longer than {behaviour.range_days} days")
    if behaviour.range_reach_days and start < now - timedelta(days=behaviour.range_reach_days):
        raise bad_argument(f"From must not be older than {behaviour.range_reach_days} days")
    return to_ms(start), to_ms(end) + (1000 if behaviour.range_end_included else 0)


def days_of(named: dict[str, str], behaviour: Behaviour) -> tuple[datetime, datetime]:
    """Start of the first day and end of the last one of an amendment route."""
    first, last = _moment(named["start"], _DAYS), _moment(named["end"], _DAYS)
    if last < first:
        raise bad_argument("To must not be before From")
    if behaviour.range_days and last - first >= timedelta(days=behaviour.range_days):
        raise bad_argument(f"The date range must not be longer than {behaviour.range_days} days")
    return first, last + _DAY


def types_of(body: bytes) -> Selection:
    """A bare list of event types, quoted or not; an empty one filters nothing."""
    chosen = _ids(body, "EventType")
    return Selection(types=chosen) if chosen else EVERYTHING


def selection_of(request: Request, asked: Asked, fleet: Fleet, *, filtered: bool) -> Selection:
    """The records of the groups, assets or drivers that the body lists, or that an event filter in it names."""
    by = asked.named["by"]
    what = f"{by[:-1].capitalize()}"
    types = None
    if filtered:
        chosen = _filter(request.body, what)
        ids, types = frozenset(chosen.entity_ids), frozenset(chosen.event_type_ids or ()) or None
    else:
        ids = _ids(request.body, what)
    if by == "assets":
        return Selection(assets=ids, types=types)
    if by == "drivers":
        return Selection(drivers=ids, types=types)
    return _of_groups(ids, asked.named.get("entity") or "Asset", fleet, types)


def _of_groups(ids: frozenset[int], entity: str, fleet: Fleet, types: frozenset[int] | None) -> Selection:
    """The organisation stands for everything, also what its lists do not name any more."""
    if not ids <= fleet.groups.keys():
        raise Refused(NOT_AUTHORISED)
    if fleet.organisation_id in ids:
        return Selection(types=types) if types else EVERYTHING
    sites = frozenset(site for group_id in ids for site in fleet.sites_below(group_id))
    if entity == "Driver":
        drivers = (driver.driver_id for driver in fleet.drivers if driver.site_id in sites)
        return Selection(drivers=frozenset(drivers), types=types)
    assets = (asset.asset_id for asset in fleet.assets if asset.site_id in sites)
    return Selection(assets=frozenset(assets), types=types)


def _ids(body: bytes, what: str) -> frozenset[int]:
    try:
        return frozenset(_IDS.decode(body))
    except msgspec.MsgspecError as error:
        raise bad_argument(f"{what}Ids list not supplied") from error


def _filter(body: bytes, what: str) -> EventFilter:
    try:
        return _FILTER.decode(body)
    except msgspec.MsgspecError as error:
        raise bad_argument(f"{what}Ids list not supplied") from error


def _moment(text: str, form: str) -> datetime:
    if len(text) != _DIGITS[form] or not (text.isascii() and text.isdigit()):
        raise bad_argument(f"{text[:20]} must be a UTC time of {_DIGITS[form]} digits")
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError as error:
        raise bad_argument(f"{text} is no time") from error
