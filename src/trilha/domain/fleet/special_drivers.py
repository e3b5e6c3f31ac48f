"""Which driver records are no people.

A MiX organisation carries records for unidentified driving; events are booked on them as on anybody. Rule as found in
recorded organisations: the system flag, a short id of 1 or less, or a name that *starts* with the automatic phrase (a
match anywhere in the name hides real people).
"""

from trilha.domain.fleet.model import DriverKind

AUTOMATIC_NAME_PREFIX = "Automatically created driver"
_KIND_BY_SHORT_ID = {0: DriverKind.UNKNOWN, 1: DriverKind.UNMATCHED, -2: DriverKind.INSTALLER}


def driver_kind(*, name: str, short_id: int | None, is_system: bool) -> DriverKind:
    """Tell people from the source's special records. `short_id` is MiX's `FmDriverId`."""
    if short_id is not None and short_id <= 1:
        return _KIND_BY_SHORT_ID.get(short_id, DriverKind.SYSTEM)
    if is_system:
        return DriverKind.SYSTEM
    if name.startswith(AUTOMATIC_NAME_PREFIX):
        return DriverKind.AUTOMATIC
    return DriverKind.PERSON
