"""Performance: what drivers and vehicles did, counted fairly.

Infractions by period, scores and rankings with their reasons, days of work. Counts sum the source's occurrences, follow
amendments and classification at once, and are cut into days, weeks and months by the organisation's own clocks.
"""

from trilha.domain.performance.guidance import Correction, GuidanceForm, GuidanceLine, Severity
from trilha.domain.performance.local_days import LocalDay, local_day, local_days
from trilha.domain.performance.model import Drive, EventKind, Journey, Rated, Tally
from trilha.domain.performance.ports import DrivingRecords, FormPrinter, Roster

__all__ = [
    "Correction",
    "Drive",
    "DrivingRecords",
    "EventKind",
    "FormPrinter",
    "GuidanceForm",
    "GuidanceLine",
    "Journey",
    "LocalDay",
    "Rated",
    "Roster",
    "Severity",
    "Tally",
    "local_day",
    "local_days",
]
