"""What the press is given. Apart from it, because the press loads 80 MB of compiler and fonts."""

from datetime import datetime

import msgspec

UNSHOWN = "□"
"""Printed for a character that no font of the press has."""

Data = dict[str, object]


class PressJob(msgspec.Struct, frozen=True):
    """A layout's name, its data, and when the document says that it was made."""

    layout: str
    data: Data
    made_at: datetime
