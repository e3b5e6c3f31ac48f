"""Values of ingestion: how far it is, what it counts, what it tells."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from trilha.domain.kernel import DriverId
from trilha.domain.telemetry import (
    AMENDED_FEEDS,
    FEEDS,
    Amendment,
    AmendmentKind,
    Backfill,
    BackfillFinished,
    BackfillPart,
    BackfillReason,
    BackfillStatus,
    Checkpoint,
    EventsIngested,
    Gap,
    GapClosed,
    GapOpened,
    IngestionRun,
    MergeOutcome,
    QuarantineEntry,
    RecordsAmended,
    RunKind,
    RunStatus,
    Stream,
)
from trilha.testing.strategies.values import (
    LARGEST_COUNT,
    LATEST,
    Strategy,
    instants,
    rejected_records,
    source_ids,
    texts,
    uuids7,
)

UNFINISHED = (BackfillStatus.WAITING, BackfillStatus.RUNNING)


def checkpoints() -> Strategy[Checkpoint]:
    """First checkpoints; `advance` makes the later ones."""
    return st.builds(
        Checkpoint,
        stream=st.sampled_from(Stream),
        token=texts(20),
        token_time=instants(),
        moved_at=instants(),
        checked_at=instants(),
        version=st.just(0),
    )


@st.composite
def gaps(draw: st.DrawFn) -> Gap:
    """Open gaps."""
    start = draw(instants())
    end = draw(instants(start))
    return Gap(stream=draw(st.sampled_from(FEEDS)), start=start, end=end, opened_at=end)


def merge_outcomes() -> Strategy[MergeOutcome]:
    """What became of a page."""
    count = st.integers(0, 1_000)
    return st.builds(MergeOutcome, inserted=count, replaced=count, duplicates=count)


@st.composite
def ingestion_runs(draw: st.DrawFn) -> IngestionRun:
    """Runs whose counts add up and whose end suits their status."""
    status = draw(st.sampled_from(RunStatus))
    started_at = draw(instants())
    counts = [draw(st.integers(0, 1_000_000)) for _ in range(4)]
    ended = status is not RunStatus.RUNNING
    failed = status in {RunStatus.FAILED, RunStatus.LOST}
    return IngestionRun(
        id=draw(uuids7()),
        kind=draw(st.sampled_from(RunKind)),
        started_at=started_at,
        status=status,
        finished_at=started_at + draw(st.timedeltas(timedelta(0), timedelta(hours=3))) if ended else None,
        pages=draw(st.integers(0, LARGEST_COUNT)),
        received=sum(counts),
        inserted=counts[0],
        replaced=counts[1],
        duplicates=counts[2],
        quarantined=counts[3],
        error_code="source.unavailable" if failed else None,
        error_message=draw(texts()) if failed else None,
    )


@st.composite
def amendments(
    draw: st.DrawFn, ids: Strategy[int] | None = None, amended: Strategy[datetime] | None = None
) -> Amendment:
    """Amendments of both kinds."""
    kind = draw(st.sampled_from(AmendmentKind))
    return Amendment(
        stream=draw(st.sampled_from(AMENDED_FEEDS)),
        record_id=draw(source_ids() if ids is None else ids),
        kind=kind,
        amended_at=draw(instants() if amended is None else amended),
        new_driver_id=DriverId(draw(source_ids())) if kind is AmendmentKind.REASSIGNED else None,
    )


@st.composite
def backfills(draw: st.DrawFn) -> Backfill:
    """First versions of backfills, in any status."""
    start = draw(instants(latest=LATEST - timedelta(days=90))).replace(microsecond=0)
    end = start + timedelta(seconds=draw(st.integers(1, 90 * 86_400)))
    status = draw(st.sampled_from(BackfillStatus))
    counts = [draw(st.integers(0, LARGEST_COUNT)) for _ in range(4)]
    streams = draw(st.lists(st.sampled_from(FEEDS), min_size=1, unique=True))
    failed = status is BackfillStatus.FAILED
    return Backfill(
        id=draw(uuids7()),
        start=start,
        end=end,
        parts=tuple(draw(_parts(stream, start, end)) for stream in streams),
        reason=draw(st.sampled_from(BackfillReason)),
        requested_at=draw(instants()),
        status=status,
        started_at=None if status is BackfillStatus.WAITING else draw(instants()),
        finished_at=None if status in UNFINISHED else draw(instants()),
        calls=draw(st.integers(0, LARGEST_COUNT)),
        received=sum(counts),
        inserted=counts[0],
        replaced=counts[1],
        duplicates=counts[2],
        quarantined=counts[3],
        error_code="source.refused" if failed else None,
        error_message=draw(texts()) if failed else None,
    )


def quarantine_entries() -> Strategy[QuarantineEntry]:
    """Entries that nobody has decided about."""
    return st.builds(
        QuarantineEntry,
        id=uuids7(),
        stream=st.sampled_from([*(feed.value for feed in FEEDS), "drivers"]),
        page_id=st.none() | uuids7(),
        at=instants(),
        record=rejected_records(),
    )


TelemetryFact = EventsIngested | GapOpened | GapClosed | RecordsAmended | BackfillFinished


def telemetry_facts() -> Strategy[TelemetryFact]:
    """Every domain event of telemetry."""
    count = st.integers(0, LARGEST_COUNT)
    feed = st.sampled_from(FEEDS)
    return st.one_of(
        st.builds(
            EventsIngested,
            page_id=uuids7(),
            stream=feed,
            received=count,
            inserted=count,
            replaced=count,
            quarantined=count,
            received_at=instants(),
            first_occurred_at=st.none() | instants(),
            last_occurred_at=st.none() | instants(),
            checkpoint=texts(20),
            late=count,
            backfill_id=st.none() | uuids7(),
        ),
        st.builds(GapOpened, stream=feed, start=instants(), end=instants()),
        st.builds(GapClosed, stream=feed, start=instants(), end=instants(), backfill_id=uuids7()),
        st.builds(
            RecordsAmended, page_id=uuids7(), stream=st.sampled_from(AMENDED_FEEDS), reassigned=count, withdrawn=count
        ),
        st.builds(
            BackfillFinished,
            backfill_id=uuids7(),
            status=st.sampled_from([status.value for status in BackfillStatus if status not in UNFINISHED]),
            start=instants(),
            end=instants(),
            received=count,
            inserted=count,
        ),
    )


def _parts(stream: Stream, start: datetime, end: datetime) -> Strategy[BackfillPart]:
    seconds = st.integers(0, int((end - start).total_seconds()))
    windows = st.integers(60, 7 * 86_400).map(float)
    done_until = seconds.map(lambda done: start + timedelta(seconds=done))
    return st.builds(BackfillPart, stream=st.just(stream), done_until=done_until, window_s=windows)
