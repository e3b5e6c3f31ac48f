"""The machine's own clock and identifiers. Standard library only."""

from trilha.adapters.system.clock import SystemClock
from trilha.adapters.system.ids import Uuid7Ids

__all__ = ["SystemClock", "Uuid7Ids"]
