"""MiX asset types by number."""

from collections.abc import Mapping
from types import MappingProxyType

TRAILER = "Trailer"

_NAMES: Mapping[int, str] = MappingProxyType(
    {
        1: "Motorcycle",
        2: TRAILER,
        4: "Boat",
        5: "Mobile Plant",
        6: "Stationary Plant",
        7: "Emergency Service",
        8: "Dangerous Goods",
        9: "Passenger Vehicle",
        10: "Minibus",
        11: "Bus Articulated",
        12: "Bus Single Decker",
        13: "Bus Double Decker",
        14: "Heavy Articulated",
        15: "Heavy Non-Articulated",
        16: "Refrigerated",
        17: "Light Vehicle",
        18: "Fluid Transport",
        20: "Other",
        21: "Train",
        22: "Light Delivery",
        24: "Off-Road",
        25: "Medium Commercial",
        26: "Non-Powered",
        27: "Mobile Phone",
        28: "Heavy Vehicle",
    }
)


def vehicle_type(number: int | None) -> str | None:
    """The name of an asset type; a number that MiX has added since is shown as such."""
    return None if number is None else _NAMES.get(number, f"Type {number}")
