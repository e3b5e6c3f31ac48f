"""Rules, alerts and what is known of vehicles."""

from datetime import time, timedelta
from uuid import UUID

from hypothesis import strategies as st

from trilha.domain.kernel import DriverId, EventTypeId, GroupId, VehicleId
from trilha.domain.monitoring import (
    Alert,
    AlertRule,
    AlertState,
    Condition,
    Direction,
    EventOfType,
    Evidence,
    EvidenceKind,
    FenceCrossing,
    FenceDwell,
    Hold,
    Idling,
    Motion,
    MovingWithoutDriver,
    OverSpeed,
    RuleContent,
    Said,
    Schedule,
    Scope,
    Severity,
    Silence,
    VehicleWatch,
    Weekday,
    Window,
)
from trilha.domain.tracks import TrackPoint
from trilha.testing.strategies.values import instants, source_ids, texts

_durations = st.integers(1, 86_400)
_speeds = st.floats(0.5, 300.0)
_fences = st.lists(st.uuids(), min_size=1, max_size=3, unique=True).map(tuple)
_times = st.times().map(lambda clock: time(clock.hour, clock.minute))


def conditions() -> st.SearchStrategy[Condition]:
    """Every kind."""
    event_types = st.lists(source_ids().map(EventTypeId), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(EventOfType, event_types),
        st.builds(OverSpeed, st.none() | _speeds, _speeds, _durations),
        st.builds(FenceCrossing, _fences, st.sampled_from(Direction)),
        st.builds(FenceDwell, _fences, _durations),
        st.builds(Idling, _durations),
        st.builds(Silence, st.integers(300, 86_400)),
        st.builds(MovingWithoutDriver, _durations),
    )


def alert_rules() -> st.SearchStrategy[AlertRule]:
    """First versions."""
    windows = st.builds(
        Window, st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(tuple), _times, _times
    )
    vehicles = st.lists(source_ids().map(VehicleId), max_size=3).map(tuple)
    groups = st.lists(source_ids().map(GroupId), max_size=3).map(tuple)
    content = st.builds(
        RuleContent,
        name=texts(max_size=40).filter(lambda name: bool(name.strip())),
        condition=conditions(),
        scope=st.builds(Scope, vehicles, groups),
        severity=st.sampled_from(Severity),
        schedule=st.builds(Schedule, st.lists(windows, max_size=3).map(tuple)),
        cooldown_s=st.integers(0, 86_400),
        active=st.booleans(),
    )
    return st.builds(AlertRule, id=st.uuids(), content=content, changed_at=instants())


def evidence() -> st.SearchStrategy[Evidence]:
    """Of every kind."""
    return st.builds(
        Evidence,
        st.sampled_from(EvidenceKind),
        source_ids(),
        instants(),
        st.none() | st.floats(-90, 90),
        st.none() | st.floats(-180, 180),
        st.none() | _speeds,
        st.none() | _speeds,
        st.none() | st.uuids(),
    )


@st.composite
def alerts(draw: st.DrawFn, rule_id: UUID | None = None) -> Alert:
    """First versions in every state."""
    raised_at, state = draw(instants()), draw(st.sampled_from(AlertState))
    said = st.builds(Said, instants(), st.none() | texts(max_size=20), st.none() | texts(max_size=20))
    return Alert(
        id=draw(st.uuids()),
        rule_id=rule_id or draw(st.uuids()),
        rule_name=draw(texts(max_size=40)),
        rule_version=draw(st.integers(0, 9)),
        severity=draw(st.sampled_from(Severity)),
        vehicle_id=VehicleId(draw(source_ids())),
        driver_id=draw(st.none() | source_ids().map(DriverId)),
        raised_at=raised_at,
        last_seen_at=raised_at + timedelta(seconds=draw(_durations)),
        evidence=draw(evidence()),
        times=draw(st.integers(1, 10_000)),
        state=state,
        acknowledged=draw(said) if state is AlertState.ACKNOWLEDGED else draw(st.none() | said),
        resolved=draw(said) if state is AlertState.RESOLVED else None,
    )


def vehicle_watches() -> st.SearchStrategy[VehicleWatch]:
    """With something or nothing known."""
    points = st.builds(TrackPoint, instants(), st.floats(-90, 90), st.floats(-180, 180), speed_kmh=st.none() | _speeds)
    by_id = st.dictionaries(st.uuids(), instants(), max_size=3)
    return st.builds(
        VehicleWatch,
        vehicle_id=source_ids().map(VehicleId),
        seen_at=st.none() | instants(),
        heard=st.none() | st.tuples(instants(), source_ids()),
        last=st.none() | points,
        motion=st.none() | st.builds(Motion, st.booleans(), points),
        still_since=st.none() | instants(),
        inside=by_id,
        holds=st.dictionaries(st.uuids(), st.builds(Hold, instants(), st.booleans()), max_size=3),
        quiet=by_id,
    )
