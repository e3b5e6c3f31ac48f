"""Performance: what drivers and vehicles did, counted fairly.

Infractions by period, scores and rankings with their reasons, days of work. Counts sum the source's occurrences, follow
amendments and classification at once, and are cut into days, weeks and months by the organisation's own clocks.
"""

from trilha.domain.performance.assessing import (
    Assessment,
    Band,
    Conduct,
    Deduction,
    Doing,
    PolicyName,
    Unscored,
    conducts,
)
from trilha.domain.performance.days import DaySheet, day_sheets, in_order, is_suspect
from trilha.domain.performance.events import FormPrinted
from trilha.domain.performance.geotab import GeotabMeasure, GeotabPolicy, GeotabRule, geotab_score
from trilha.domain.performance.guidance import (
    Correction,
    GuidanceForm,
    GuidanceLine,
    Letterhead,
    PrintedCount,
    PrintedForm,
    make_form,
    printed_form,
)
from trilha.domain.performance.infractions import (
    DriverInfractions,
    GroupInfractions,
    InfractionRow,
    InfractionsReport,
    Severity,
    SeverityThresholds,
    build_group_report,
    build_report,
    reported_types,
)
from trilha.domain.performance.local_days import LocalDay, local_day, local_days
from trilha.domain.performance.model import Drive, EventKind, Journey, Plated, Rated, RolledUp, Tally
from trilha.domain.performance.periods import (
    Period,
    PeriodKind,
    periods_of,
    reference_periods,
    reference_window,
    weeks_up_to,
)
from trilha.domain.performance.ports import (
    Depot,
    DrivingRecords,
    FormPrinter,
    PerformanceChoices,
    PrintedForms,
    Rollup,
    Roster,
)
from trilha.domain.performance.rag import RagMeasure, RagPolicy, RagRule, rag_score, ribas_violation
from trilha.domain.performance.ranking import Contender, Placed, Ranking, Unplaced, rank
from trilha.domain.performance.scoring import Measure, ScorePolicy, ScoreRule, score
from trilha.domain.performance.settings import GuidanceTexts, PerformanceSettings
from trilha.domain.performance.stays import Stay, StayKind, stays
from trilha.domain.performance.wording import day_text, form_file_name, period_label

__all__ = [
    "Assessment",
    "Band",
    "Conduct",
    "Contender",
    "Correction",
    "DaySheet",
    "Deduction",
    "Depot",
    "Doing",
    "Drive",
    "DriverInfractions",
    "DrivingRecords",
    "EventKind",
    "FormPrinted",
    "FormPrinter",
    "GeotabMeasure",
    "GeotabPolicy",
    "GeotabRule",
    "GroupInfractions",
    "GuidanceForm",
    "GuidanceLine",
    "GuidanceTexts",
    "InfractionRow",
    "InfractionsReport",
    "Journey",
    "Letterhead",
    "LocalDay",
    "Measure",
    "PerformanceChoices",
    "PerformanceSettings",
    "Period",
    "PeriodKind",
    "Placed",
    "Plated",
    "PolicyName",
    "PrintedCount",
    "PrintedForm",
    "PrintedForms",
    "RagMeasure",
    "RagPolicy",
    "RagRule",
    "Ranking",
    "Rated",
    "RolledUp",
    "Rollup",
    "Roster",
    "ScorePolicy",
    "ScoreRule",
    "Severity",
    "SeverityThresholds",
    "Stay",
    "StayKind",
    "Tally",
    "Unplaced",
    "Unscored",
    "build_group_report",
    "build_report",
    "conducts",
    "day_sheets",
    "day_text",
    "form_file_name",
    "geotab_score",
    "in_order",
    "is_suspect",
    "local_day",
    "local_days",
    "make_form",
    "period_label",
    "periods_of",
    "printed_form",
    "rag_score",
    "rank",
    "reference_periods",
    "reference_window",
    "reported_types",
    "ribas_violation",
    "score",
    "stays",
    "weeks_up_to",
]
