"""Telemetry: what vehicles report, brought in without loss.

Records stream in by since-token, late, doubled, amended, from vehicles nobody knows yet; that is normal life. A page is
kept whole, merged by id and committed together with the token that follows it, so a crash repeats and never loses.
"""

from trilha.domain.telemetry.checkpoint import (
    OLDEST_TOKEN,
    SEED_AGE,
    Checkpoint,
    Gap,
    advance,
    first_checkpoint,
    is_too_old,
    leap_over_gap,
    may_leap,
    seed_time,
)
from trilha.domain.telemetry.events import EventsIngested, GapOpened
from trilha.domain.telemetry.merging import REACH, plan_merge
from trilha.domain.telemetry.model import SourcePage, Stream, TelemetryEvent, occurred_at
from trilha.domain.telemetry.ports import (
    Checkpoints,
    IngestionRuns,
    Quarantine,
    RawPages,
    TelemetryEvents,
    TelemetrySource,
    Throughput,
)
from trilha.domain.telemetry.run import (
    IngestionRun,
    MergeOutcome,
    RunKind,
    RunStatus,
    add_page,
    declare_lost,
    fail,
    succeed,
)

__all__ = [
    "OLDEST_TOKEN",
    "REACH",
    "SEED_AGE",
    "Checkpoint",
    "Checkpoints",
    "EventsIngested",
    "Gap",
    "GapOpened",
    "IngestionRun",
    "IngestionRuns",
    "MergeOutcome",
    "Quarantine",
    "RawPages",
    "RunKind",
    "RunStatus",
    "SourcePage",
    "Stream",
    "TelemetryEvent",
    "TelemetryEvents",
    "TelemetrySource",
    "Throughput",
    "add_page",
    "advance",
    "declare_lost",
    "fail",
    "first_checkpoint",
    "is_too_old",
    "leap_over_gap",
    "may_leap",
    "occurred_at",
    "plan_merge",
    "seed_time",
    "succeed",
]
