"""The drivers: people, and the special records of section 7.3 that are none."""

from trilha.simulators.mix.draws import IdSpace, draws, twin
from trilha.simulators.mix.names import FAMILY, GIVEN
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.wire import Driver

UNKNOWN = 0
SPECIAL = 5
"""How many records at the head of the list are no people."""

_LARGEST = 2**63 - 1
_SPECIALS = (
    ("Unknown", 0, True),
    ("Unmatched Extended DriverID", 1, True),
    ("Installer", -2, False),
    ("Automatically created driver 1", 900, False),
    ("Automatically created driver 22", 901, False),
)


def build_drivers(scenario: Scenario, sites: tuple[int, ...]) -> tuple[Driver, ...]:
    """Specials first, `Unknown` at `UNKNOWN`; two ids collide as doubles and one is the largest there is."""
    ids = IdSpace(scenario.seed, b"driver")
    odd = {SPECIAL + 1: twin(ids[SPECIAL]), SPECIAL + 2: _LARGEST}
    specials = [
        Driver(
            driver_id=-abs(ids[number]),
            site_id=sites[-1],
            name=name,
            fm_driver_id=short_id,
            is_system_driver=system,
            extended_driver_id_type="None",
        )
        for number, (name, short_id, system) in enumerate(_SPECIALS)
    ]
    people = (
        _person(scenario, sites, number, odd.get(number, ids[number])) for number in range(SPECIAL, scenario.drivers)
    )
    return (*specials, *people)


def _person(scenario: Scenario, sites: tuple[int, ...], number: int, driver_id: int) -> Driver:
    draw = draws(scenario.seed, b"driver", number)
    extended = draw[4] % 8 == 0
    return Driver(
        driver_id=driver_id,
        site_id=sites[draw[0] % len(sites)],
        name=_name(draw, number),
        fm_driver_id=number + 80,
        employee_number=_badge(draw, number),
        is_system_driver=False,
        mobile_number="" if draw[5] % 11 == 0 else None,
        extended_driver_id=f"{draw[6]:08X}" if extended else None,
        extended_driver_id_type="Hex" if extended else "None",
    )


def _name(draw: tuple[int, ...], number: int) -> str:
    """Most in capitals, some as typed by hand; one real surname contains a special driver's name."""
    if number == SPECIAL + 3:
        return "JOSÉ INSTALLER UNKNOWN DE SÁ"
    name = f"{GIVEN[draw[1] % len(GIVEN)]} {FAMILY[draw[2] % len(FAMILY)]} {FAMILY[draw[7] % len(FAMILY)]}"
    match draw[3] % 10:
        case 0:
            return name.lower()
        case 1:
            return f"{name.replace(' ', '  ', 1)} "
        case 2:
            return name
        case _:
            return name.upper()


def _badge(draw: tuple[int, ...], number: int) -> str | None:
    """Free text (7.3): mostly digits, sometimes starred, doubled in substance, empty or absent."""
    match draw[8] % 20:
        case 0:
            return None
        case 1:
            return ""
        case 2:
            return f"{40_000 + number}*"
        case 3:
            return f"{40_000 + number - 1} "
        case _:
            return str(40_000 + number)
