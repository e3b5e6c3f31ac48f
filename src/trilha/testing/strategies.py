"""Every value of the domain, valid by construction and unrestricted by default (`hypothesis`).

Texts leave out U+0000 and lone surrogates, which no database and no UTF-8 can hold.
"""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import TypeVar, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from trilha.application.ports import Envelope, JobRow, Lease, SourceToken
from trilha.application.schedule import JOBS
from trilha.domain.fleet import (
    Classification,
    Driver,
    DriverKind,
    EventType,
    Group,
    MasterDataSynced,
    MasterKind,
    MasterRecord,
    Vehicle,
)
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import GeoPoint, RejectedRecord, TimeRange
from trilha.domain.telemetry import (
    Checkpoint,
    EventsIngested,
    Gap,
    GapOpened,
    IngestionRun,
    MergeOutcome,
    RunKind,
    RunStatus,
    SourcePage,
    Stream,
    TelemetryEvent,
)

__all__ = [
    "checkpoints",
    "domain_events",
    "drivers",
    "envelopes",
    "event_types",
    "gaps",
    "geo_points",
    "groups",
    "ingestion_runs",
    "instants",
    "job_rows",
    "leases",
    "master_kinds",
    "master_records",
    "merge_outcomes",
    "names",
    "organisation_sources",
    "organisations",
    "rejected_records",
    "source_ids",
    "source_pages",
    "source_tokens",
    "telemetry_events",
    "texts",
    "time_ranges",
    "time_zones",
    "uuids7",
    "vehicles",
]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 2**31 - 1

Value = TypeVar("Value")
Strategy = st.SearchStrategy

_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_ACCENTED = st.sampled_from("aAáÁãçÇéÊíóõÔúü ñß%_\\'\"-.1")


def texts(max_size: int = 40) -> Strategy[str]:
    """Any text that can be stored."""
    return st.text(_CHARACTERS, max_size=max_size)


def names(max_size: int = 40) -> Strategy[str]:
    """Texts that people and adapters trip over: accents, case, spaces, quotes, wildcards; sometimes anything."""
    return st.text(_ACCENTED | _CHARACTERS, min_size=1, max_size=max_size).filter(lambda text: bool(text.strip()))


def source_ids() -> Strategy[int]:
    """Signed 64-bit integers, the extremes and those that collide as doubles included."""
    corners = [-(2**63), 2**63 - 1, -1, 0, 1, 2**53, 2**53 + 1, -(2**53) - 1]
    return st.sampled_from(corners) | st.integers(-(2**63), 2**63 - 1)


def instants(earliest: datetime = EARLIEST, latest: datetime = LATEST) -> Strategy[datetime]:
    """Aware UTC times."""
    naive = st.datetimes(earliest.replace(tzinfo=None), latest.replace(tzinfo=None))
    return naive.map(lambda moment: moment.replace(tzinfo=UTC))


def time_zones() -> Strategy[ZoneInfo]:
    """IANA zones known to this machine."""
    return st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)


@st.composite
def time_ranges(draw: st.DrawFn) -> TimeRange:
    """Ranges, open and empty ones too."""
    start = draw(st.none() | instants())
    end = draw(st.none() | instants(start or EARLIEST))
    return TimeRange(start, end)


def geo_points() -> Strategy[GeoPoint]:
    """Positions on the whole earth."""
    return st.builds(GeoPoint, latitude_deg=_degrees(90), longitude_deg=_degrees(180))


def uuids7() -> Strategy[UUID]:
    """UUIDs of version 7."""
    return st.integers(0, 2**128 - 1).map(
        lambda bits: UUID(int=(bits & ~((0xF << 76) | (0x3 << 62))) | (7 << 76) | (2 << 62))
    )


def groups() -> Strategy[Group]:
    """Groups."""
    return st.builds(
        Group,
        id=source_ids(),
        name=names(),
        kind=texts(),
        parent_id=st.none() | source_ids(),
        active=st.booleans(),
    )


def drivers() -> Strategy[Driver]:
    """Drivers and the records that are none."""
    return st.builds(
        Driver,
        id=source_ids(),
        name=names(),
        badge=st.none() | texts(),
        group_id=st.none() | source_ids(),
        kind=st.sampled_from(DriverKind),
        active=st.booleans(),
    )


def vehicles() -> Strategy[Vehicle]:
    """Vehicles."""
    maybe = st.none() | texts()
    return st.builds(
        Vehicle,
        id=source_ids(),
        description=names(),
        plate=maybe,
        fleet_number=maybe,
        group_id=st.none() | source_ids(),
        make=maybe,
        model=maybe,
        year=maybe,
        vehicle_type=maybe,
        active=st.booleans(),
    )


def event_types() -> Strategy[EventType]:
    """Event types of any classification."""
    maybe = st.none() | texts()
    return st.builds(
        EventType,
        id=source_ids(),
        description=names(),
        source_class=texts(),
        value_name=maybe,
        value_format=maybe,
        units=maybe,
        classification=st.sampled_from(Classification),
        active=st.booleans(),
    )


def master_kinds() -> Strategy[MasterKind]:
    """Kinds of master data."""
    return st.sampled_from(get_args(MasterKind))


def master_records(kind: MasterKind) -> Strategy[MasterRecord]:
    """Records of one kind."""
    by_kind: dict[MasterKind, Strategy[MasterRecord]] = {
        "groups": groups(),
        "drivers": drivers(),
        "vehicles": vehicles(),
        "event_types": event_types(),
    }
    return by_kind[kind]


def organisations() -> Strategy[Organisation]:
    """Organisations in any zone."""
    zones = st.sampled_from(["America/Sao_Paulo", "Europe/Lisbon", "UTC", "Asia/Kathmandu"])
    return st.builds(Organisation, id=uuids7(), name=names(), time_zone=zones, created_at=instants())


def organisation_sources() -> Strategy[OrganisationSource]:
    """Where an organisation's data come from."""
    return st.builds(OrganisationSource, organisation_id=uuids7(), source=st.just("mix"), external_id=source_ids())


def telemetry_events(
    ids: Strategy[int] | None = None, occurred: Strategy[datetime] | None = None
) -> Strategy[TelemetryEvent]:
    """Events of known and unknown vehicles, drivers and types; every optional field may be missing."""
    return st.builds(
        TelemetryEvent,
        id=source_ids() if ids is None else ids,
        occurred_at=instants() if occurred is None else occurred,
        driver_id=source_ids(),
        vehicle_id=source_ids(),
        event_type_id=source_ids(),
        category=texts(10),
        occurrences=st.integers(0, LARGEST_COUNT),
        started_at=st.none() | instants(),
        ended_at=st.none() | instants(),
        duration_s=st.none() | st.integers(0, LARGEST_COUNT),
        value=_maybe_number(),
        value_kind=st.none() | texts(10),
        value_unit=st.none() | texts(10),
        speed_limit_kmh=_maybe_number(),
        fuel_used_l=_maybe_number(),
        odometer_start_km=_maybe_number(),
        odometer_end_km=_maybe_number(),
        start_latitude_deg=st.none() | _degrees(90),
        start_longitude_deg=st.none() | _degrees(180),
        end_latitude_deg=st.none() | _degrees(90),
        end_longitude_deg=st.none() | _degrees(180),
        location_id=st.none() | source_ids(),
    )


def rejected_records() -> Strategy[RejectedRecord]:
    """Records that could not be understood."""
    return st.builds(
        RejectedRecord,
        position=st.integers(0, LARGEST_COUNT),
        reason=st.sampled_from(["malformed", "id_out_of_range", "missing_field"]),
        detail=texts(),
        raw=st.binary(max_size=100),
    )


def source_pages(
    events: Strategy[TelemetryEvent] | None = None, *, tokens: Strategy[str] | None = None
) -> Strategy[SourcePage]:
    """Answers of a since-token stream."""
    token = texts(20) if tokens is None else tokens
    return st.builds(
        SourcePage,
        stream=st.sampled_from(Stream),
        since_token=token,
        next_token=st.none() | token,
        has_more=st.booleans(),
        received_at=instants(),
        body=st.binary(max_size=500),
        events=st.lists(telemetry_events() if events is None else events, max_size=5),
        rejected=st.lists(rejected_records(), max_size=2),
    )


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
    return Gap(stream=draw(st.sampled_from(Stream)), start=start, end=end, opened_at=end)


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


def leases() -> Strategy[Lease]:
    """Leases."""
    return st.builds(
        Lease,
        organisation_id=uuids7(),
        name=names(),
        holder=names(),
        fence=st.integers(1, LARGEST_COUNT),
        expires_at=instants(),
    )


def job_rows() -> Strategy[JobRow]:
    """Rows of the kinds of work there are."""
    return st.builds(
        JobRow,
        organisation_id=uuids7(),
        kind=st.sampled_from([job.kind for job in JOBS]),
        next_run_at=instants(),
        last_enqueued_at=st.none() | instants(),
    )


def source_tokens() -> Strategy[SourceToken]:
    """First access tokens."""
    return st.builds(
        SourceToken,
        access_token=names(200),
        refresh_token=st.none() | names(200),
        expires_at=instants(),
        version=st.just(1),
    )


def domain_events() -> Strategy[EventsIngested | GapOpened | MasterDataSynced]:
    """Every domain event."""
    count = st.integers(0, LARGEST_COUNT)
    return st.one_of(
        st.builds(
            EventsIngested,
            page_id=uuids7(),
            stream=st.sampled_from(Stream),
            received=count,
            inserted=count,
            replaced=count,
            quarantined=count,
            received_at=instants(),
            first_occurred_at=st.none() | instants(),
            last_occurred_at=st.none() | instants(),
            checkpoint=texts(20),
        ),
        st.builds(GapOpened, stream=st.sampled_from(Stream), start=instants(), end=instants()),
        st.builds(MasterDataSynced, kind=master_kinds(), saved=count, vanished=count, unchanged=count),
    )


def envelopes(organisation_ids: Strategy[UUID] | None = None) -> Strategy[Envelope]:
    """Events as they travel."""
    return st.builds(
        Envelope,
        id=uuids7(),
        type=st.just("testing.happened"),
        source=st.just("/testing"),
        subject=texts(20),
        time=instants(),
        organisationid=uuids7() if organisation_ids is None else organisation_ids,
        dataschema=st.just("/events/testing.happened/1"),
        data=st.dictionaries(texts(5), st.integers(-(2**31), 2**31), max_size=3).map(
            lambda data: msgspec.Raw(msgspec.json.encode(data))
        ),
        correlationid=st.none() | texts(20),
        causationid=st.none() | texts(20),
    )


def _degrees(limit: float) -> Strategy[float]:
    return st.floats(-limit, limit, allow_nan=False)


def _maybe_number() -> Strategy[float | None]:
    return st.none() | st.floats(allow_nan=False, allow_infinity=False)
