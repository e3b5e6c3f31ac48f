"""What a contract cannot say in JSON Schema, told to schemathesis: its valid cases must be valid by these rules too."""

import re
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.generation import GenerationMode

from tests.e2e.http.world import VEHICLE_ID

_SOURCE_ID = re.compile("-?[0-9]+")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
A_DAY = "2026-03-01"
LARGEST_ID = 2**63 - 1
LONG_WAITS = {str(seconds) for seconds in range(1, 31)}

_A_PLAN = {
    "name": "Oil",
    "starts_on": "2026-03-01",
    "every_km": 100,
    "every_engine_h": None,
    "every_days": 30,  # a JSON Schema takes 30.0 for an integer, too
    "warn_before_km": 10,
    "warn_before_engine_h": None,
    "warn_before_days": None,
    "group_id": None,
    "vehicle_ids": None,
}
_CORNERS = [[-47.9, -15.8], [-47.8, -15.8], [-47.8, -15.7], [-47.9, -15.8]]
_A_TRIANGLE = {"type": "Polygon", "coordinates": [_CORNERS]}
_A_SERVICE = {"vehicle_id": str(VEHICLE_ID + 1), "done_on": "2026-03-02"}


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    if case.operation.path.endswith("/poll") and str(case.query.get("wait", 25)) in LONG_WAITS:
        case.query["wait"] = "0"  # without news it would answer later, and nothing moves here
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    query = case.query
    query.pop("cursor", None)  # only a list itself can make one; the tests of paging follow them
    if case.operation.path.startswith("/v1/reports/"):
        _ask_for_a_report(case)
    if "from" in query and "to" in query:
        query["from"], query["to"] = sorted((query["from"], query["to"]))
    _ask_for_one_day(query)
    if isinstance(case.body, dict):
        _say_what_fits(case.body)
        _maintain(case.operation.path, case.body)
        _draw(case.operation.path, case.body)
        _watch(case.operation.path, case.body)
    for values in (query, case.path_parameters):
        for name, value in values.items():
            values[name] = _small(value)
    case.body = _small(case.body)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())  # one used before with another body is a conflict


def _maintain(path: str, body: dict[str, Any]) -> None:
    """A plan needs an interval, and vehicles that there are."""
    if path.startswith("/v1/maintenance/plans"):
        body |= _A_SERVICE if path.endswith("/services") else _A_PLAN


def _draw(path: str, body: dict[str, Any]) -> None:
    """An area is drawn in one way, with no metres that it has no use for; of a collection every feature has to fit."""
    if path.startswith("/v1/geofences/import"):
        body["features"] = [{"type": "Feature", "geometry": _A_TRIANGLE, "properties": {"name": "Depot"}}]
    elif path.startswith("/v1/geofences") and "latitude_deg" not in body:
        body |= {"geometry": _A_TRIANGLE, "radius_m": None, "half_width_m": None}
        body.pop("wkt", None)


def _watch(path: str, body: dict[str, Any]) -> None:
    """A rule waits for geofences that there are, and here is none."""
    condition = body.get("condition")
    if path.startswith("/v1/alert-rules") and isinstance(condition, dict) and "geofence_ids" in condition:
        body["condition"] = {"type": "silence", "for_s": 600}


def _ask_for_a_report(case: schemathesis.Case) -> None:
    """What a report is narrowed by depends on its kind, and its days on each other."""
    case.path_parameters = dict.fromkeys(case.path_parameters, "ranking")
    for asked in (case.query, case.body):
        if isinstance(asked, dict):
            for name in ("reference", "driver_id", "vehicle_id"):
                asked.pop(name, None)
            if "from" in asked or "to" in asked:
                asked |= {"from": "2026-03-01", "to": "2026-03-08"}


def _small(value: Any) -> Any:
    if isinstance(value, list):
        return [_small(one) for one in value]
    if isinstance(value, dict):
        return {key: _small(one) for key, one in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 5.0 is an integer to JSON Schema, and a fraction to whoever reads integers
    too_large = isinstance(value, str) and _SOURCE_ID.fullmatch(value) and abs(int(value)) > LARGEST_ID
    return str(LARGEST_ID) if too_large else value


def _ask_for_one_day(asked: dict[str, Any]) -> None:
    """A range of days has a greatest length and goes with no reference."""
    if any(_DAY.fullmatch(str(asked.get(name))) for name in ("from", "to")):
        asked |= {"from": A_DAY, "to": A_DAY}
        asked.pop("reference", None)
    elif asked.get("reference"):
        asked["reference"] = A_DAY


def _say_what_fits(body: dict[str, Any]) -> None:
    """A decision is made from the version in force, its rules have names of their own, its texts fit together."""
    _ask_for_one_day(body)
    if "start" in body:
        body |= {"start": "2026-03-01T00:00:00Z", "end": "2026-03-08T00:00:00Z"}
    if "rhythm" in body:
        body |= {"kind": "trips", "rhythm": "weekly", "weekday": 1, "day": None, "name": "Every week"}
        body |= dict.fromkeys(("driver_id", "vehicle_id", "group_id"))
    if "rules" in body:
        body |= {"version": 0, "rules": [], "min_distance_km": 10.0}
    if "guidance" in body:
        body |= {"version": 0, "guidance": {"pt-BR": "x", "en": "x"}, "city": "Brasília"}
        body["severity"] = {"low_up_to": 2, "medium_up_to": 5}
