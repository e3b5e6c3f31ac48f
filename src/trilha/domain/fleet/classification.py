"""What an event type means to the organisation: an editable table, never a guess from the source's class."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from trilha.domain.kernel import EventTypeId


class Classification(StrEnum):
    """The kinds of event that users tell apart. Only driving infractions count in the infractions report."""

    NORMAL_OPERATION = "normal_operation"
    DRIVING_INFRACTION = "driving_infraction"
    SAFETY = "safety"
    DIAGNOSTICS = "diagnostics"
    COMMUNICATIONS = "communications"
    CONFIGURATION = "configuration"
    WORKING_HOURS = "working_hours"
    SPECIAL_EQUIPMENT = "special_equipment"
    CONTINUOUS_MONITORING = "continuous_monitoring"
    UNCLASSIFIED = "unclassified"


_INFRACTION = Classification.DRIVING_INFRACTION
_NORMAL = Classification.NORMAL_OPERATION

STOCK: Mapping[EventTypeId, Classification] = MappingProxyType(
    {
        # MiX stock events have the same id in every organisation and region; only their description varies.
        EventTypeId(-3890646499157906515): _INFRACTION,  # over speeding
        EventTypeId(-2864371101042705250): _INFRACTION,  # road speed overspeeding
        EventTypeId(-4596269900191457380): _INFRACTION,  # over speeding, tiered
        EventTypeId(4360614301289230131): _INFRACTION,  # over speeding in location
        EventTypeId(4750800303282680186): _INFRACTION,  # harsh braking
        EventTypeId(6454149451280645233): _INFRACTION,  # harsh acceleration
        EventTypeId(4291175374538259638): _INFRACTION,  # harsh cornering
        EventTypeId(-7372181092478897411): _INFRACTION,  # over revving
        EventTypeId(-7417774485302453264): _INFRACTION,  # out of green band driving
        EventTypeId(-3393530750645328945): _NORMAL,  # idle
        EventTypeId(4650840888823746694): _INFRACTION,  # idle, excessive
        EventTypeId(5160625119091753479): Classification.SAFETY,  # driver seat belt not engaged
        EventTypeId(8242796377286834188): _NORMAL,  # ignition on
        EventTypeId(-4950190839529718443): _NORMAL,  # ignition off
        EventTypeId(-5187123885301764144): Classification.SAFETY,  # panic alert
        EventTypeId(-3082867732244905664): _NORMAL,  # sub-trip start
        EventTypeId(6439752883345253459): _NORMAL,  # sub-trip end
    }
)

Overrides = Mapping[EventTypeId, Classification]


def classify(event_type_id: EventTypeId, overrides: Overrides = MappingProxyType({})) -> Classification:
    """The organisation's own word first, then the stock table, else `unclassified` until somebody decides."""
    return overrides.get(event_type_id) or STOCK.get(event_type_id, Classification.UNCLASSIFIED)
