"""The event types: the stock ones with the ids that every organisation shares, dealer-made ones, and device chatter."""

from msgspec import Struct

from trilha.simulators.mix.draws import IdSpace, twin
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.wire import LibraryEvent


class Kind(Struct, frozen=True):
    """A library record and how its events look."""

    record: LibraryEvent
    weight: int
    """How often it happens, against the sum of all weights."""
    lowest: float
    highest: float
    """Bounds of `Value`; both zero when the type has none."""
    lasts_s: int
    """Longest duration; zero for an instant."""


_Row = tuple[str, str, str | None, str | None, str | None, int, float, float, int]

_SPEED = ("Road speed", "Speed", "km/h")
_LOCATION = (None, "Location", None)
_NOTHING = (None, None, None)

_STOCK: tuple[tuple[int, _Row], ...] = (
    (-3890646499157906515, ("Over speeding", "System", *_SPEED, 40, 62, 104, 90)),
    (-2864371101042705250, ("Excesso de velocidade na via", "Default", *_SPEED, 30, 62, 98, 60)),
    (-4596269900191457380, ("Over speeding - TIERED", "Default", *_SPEED, 10, 70, 110, 60)),
    (4360614301289230131, ("Excesso de velocidade em local", "Default", *_SPEED, 12, 32, 70, 40)),
    (4750800303282680186, ("Freada brusca", "System", "Deceleration", "Acceleration", "km/h/s", 55, 9, 19, 3)),
    (6454149451280645233, ("Aceleração brusca", "System", "Acceleration", "Acceleration", "km/h/s", 45, 7, 15, 4)),
    (4291175374538259638, ("Harsh Cornering", "System", "Threshold", "Value", "mg", 35, 250, 480, 5)),
    (-7372181092478897411, ("Rotação excessiva", "System", "Engine RPM", "Value", "RPM", 40, 2300, 3100, 12)),
    (-7417774485302453264, ("Out of green band driving", "System", *_NOTHING, 60, 0, 0, 900)),
    (-3393530750645328945, ("Idle", "System", *_NOTHING, 70, 0, 0, 400)),
    (4650840888823746694, ("Marcha lenta - excessiva", "System", *_NOTHING, 45, 0, 0, 1800)),
    (5160625119091753479, ("Driver seatbelt not engaged", "System", "State", "Boolean", "", 20, 1, 1, 120)),
    (8242796377286834188, ("Ignition On", "Default", *_LOCATION, 90, 0, 0, 0)),
    (-4950190839529718443, ("Ignition Off", "Default", *_LOCATION, 90, 0, 0, 0)),
    (-5187123885301764144, ("Alerta de pânico", "Default", *_LOCATION, 1, 0, 0, 0)),
    (-3082867732244905664, ("Sub-trip start", "Default", *_LOCATION, 60, 0, 0, 0)),
    (6439752883345253459, ("Sub-trip end", "Default", *_LOCATION, 60, 0, 0, 0)),
)

_DEALER: tuple[_Row, ...] = (
    ("(Tr) Excesso de Velocidade 60 Km", "Custom", *_SPEED, 40, 61, 79, 60),
    ("(Tr) Excesso de Velocidade 70 Km", "Custom", *_SPEED, 20, 71, 99, 60),
    ("(Tr) Freada Brusca Urbana", "Custom", "Deceleration", "Acceleration", "km/h/s", 30, 10, 20, 3),
    ("(Tr) Aceleração Eco - contador de marchas", "Custom", "Gear", "Integer", "", 80, 1, 6, 0),
    ("(Tr) Porta Aberta em Movimento", "Custom", "Road speed", "Speed", "km/h", 12, 4, 30, 45),
    ("(Tr) Embreagem - Pé Descansando", "Custom", "Clutch time", "Seconds", "seconds", 25, 3, 60, 60),
    ("(Tr) Temperatura do Motor Alta", "Custom", "Coolant", "Temperature", "°C", 6, 98, 121, 600),
    ("(TST) Curva Acentuada", "Custom", "Threshold", "Value", "mg", 15, 260, 420, 4),
    ("z(TST) Teste de Banguela", "Custom", *_SPEED, 8, 20, 60, 30),
    ("(Tr) Consumo em Marcha Lenta", "ServerSide", "Fuel", "Value", "l", 15, 1, 9, 900),
)

_CHATTER: tuple[_Row, ...] = (
    ("Power loss - main battery", "Diagnostic", "Battery", "Value", "mV", 8, 9000, 11800, 0),
    ("Unit reset", "Diagnostic", *_NOTHING, 12, 0, 0, 0),
    ("Firmware updated", "Hidden", *_NOTHING, 3, 0, 0, 0),
    ("GPS antenna disconnected", "Diagnostic", *_NOTHING, 5, 0, 0, 0),
    ("Camera obstructed", "MiXVision", *_LOCATION, 6, 0, 0, 0),
    ("Drowsiness (AI)", "MiXVision", *_LOCATION, 4, 0, 0, 6),
    ("Daily driving limit", "HosViolation", "Hours", "Time", "Hours", 2, 8, 14, 0),
    ("Geofence entry", "ServerSide", *_LOCATION, 30, 0, 0, 0),
    ("Geofence exit", "ServerSide", *_LOCATION, 30, 0, 0, 0),
    ("Odômetro ajustado", "ServerSide", "Distance", "DistanceKilometers", "km", 2, 1, 400, 0),
    ("Passenger count", "External", "Count", "Integer", "", 20, 1, 70, 0),
    ("Retired test event", "SoftDeleted", *_NOTHING, 1, 0, 0, 0),
)


def build_library(scenario: Scenario) -> tuple[Kind, ...]:
    """`scenario.event_types` types (never fewer than the stock ones), with one pair of ids that collide as doubles."""
    ids = IdSpace(scenario.seed, b"type")
    own = [*_DEALER, *_CHATTER]
    own += [_numbered(number) for number in range(max(0, scenario.event_types - len(_STOCK) - len(own)))]
    wanted = max(0, scenario.event_types - len(_STOCK))
    own_ids = [twin(ids[0]) if number == 1 else ids[number] for number in range(wanted)]
    rows = (*_STOCK, *zip(own_ids, own[:wanted], strict=True))
    return tuple(_kind(identifier, row) for identifier, row in rows)


def _numbered(number: int) -> _Row:
    return (f"Input {number + 1} - estado alterado", "Diagnostic", *_NOTHING, 4, 0, 0, 0)


def _kind(identifier: int, row: _Row) -> Kind:
    description, event_type, value_name, format_type, units, weight, lowest, highest, lasts_s = row
    record = LibraryEvent(
        event_type_id=identifier,
        event_type=event_type,
        description=description,
        value_name=value_name,
        format_type=format_type,
        display_units=units,
    )
    return Kind(record, weight, float(lowest), float(highest), lasts_s)
