"""However a vehicle's records are cut into pages, repeated, or mixed with late ones: the same is told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from uuid import UUID

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from tests.unit.domain.monitoring.world import BUS, DEPOT, NOW, SCHOOL, book, fix, happening, rule, watched
from trilha.domain.monitoring import (
    HARSH_EVENTS,
    Alert,
    AlertState,
    Crossing,
    Direction,
    EventOfType,
    FenceCrossing,
    FenceDwell,
    Fired,
    Idling,
    MovingWithoutDriver,
    Observation,
    OverSpeed,
    VehicleWatch,
    tell,
    watch,
)

RULES = [
    rule(OverSpeed(limit_kmh=80, for_s=60), 1, cooldown_s=120),
    rule(OverSpeed(tolerance_kmh=5), 2),
    rule(FenceCrossing((DEPOT, SCHOOL)), 3),
    rule(FenceDwell((DEPOT,), for_s=200), 4),
    rule(Idling(for_s=120), 5),
    rule(MovingWithoutDriver(for_s=60), 6),
    rule(EventOfType(HARSH_EVENTS), 7),
]
BOOK = book(*RULES)


@st.composite
def drives(draw: st.DrawFn) -> list[Observation]:
    """A minute or so between positions, standing, driving, speeding, now and then a teleport; events in between."""
    second, north_m, seen = 0.0, 0.0, list[Observation]()
    for number in range(draw(st.integers(1, 25))):
        second += draw(st.sampled_from([0, 20, 60, 90, 700]))
        north_m += draw(st.sampled_from([0, 0, 5, 400, 900, -900]))
        jump_m = draw(st.sampled_from([0, 0, 0, 0, 90_000]))
        seen.append(
            fix(
                second,
                north_m + jump_m,
                draw(st.sampled_from([None, 0.0, 2.0, 50.0, 85.0, 120.0])),
                posted_kmh=draw(st.sampled_from([None, 60.0])),
                has_driver=draw(st.booleans()),
                record_id=number,
            )
        )
        if draw(st.booleans()):
            seen.append(happening(second, 1_000 + number))
    return seen


@st.composite
def pages(draw: st.DrawFn, records: Sequence[Observation]) -> list[list[Observation]]:
    """The records cut anywhere, each page in any order, pages repeated later, and old records among new ones."""
    cut, done = list[list[Observation]](), 0
    while done < len(records):
        size = draw(st.integers(1, 6))
        page = list(records[done : done + size])
        late = draw(st.lists(st.sampled_from(records[:done]), max_size=3)) if done else []
        cut.append(draw(st.permutations([*page, *late])))
        if draw(st.booleans()):
            cut.append(draw(st.sampled_from(cut)))
        done += size
    return cut


class Desk:
    """Keeps alerts as the application does: an occurrence once, one open alert for each rule."""

    def __init__(self) -> None:
        self.state = VehicleWatch(BUS)
        self.alerts: dict[UUID, Alert] = {}
        self.crossings: list[Crossing] = []
        self._ids = count(1)
        self._seen: set[tuple[UUID, str, int, UUID | None]] = set()

    def take(self, page: Iterable[Observation]) -> None:
        """One page, through JSON as between two processes."""
        state = msgspec.json.decode(msgspec.json.encode(self.state), type=VehicleWatch)
        result = watch(state, list(page), BOOK, NOW)
        heeded = [signal for signal in result.signals if not isinstance(signal, Fired) or self._is_new(signal)]
        open_alerts = [alert for alert in self.alerts.values() if alert.is_open]
        told = tell(heeded, BOOK.by_id, open_alerts, lambda: UUID(int=next(self._ids)))
        self.alerts |= {alert.id: alert for alert in told.alerts}
        self.state = result.state
        self.crossings += result.crossings
        standing = [(alert.rule_id, alert.vehicle_id) for alert in self.alerts.values() if alert.is_open]
        assert len(standing) == len(set(standing))

    def _is_new(self, fired: Fired) -> bool:
        key = (fired.rule_id, fired.evidence.kind.value, fired.evidence.record_id, fired.evidence.geofence_id)
        new = key not in self._seen
        self._seen.add(key)
        return new

    @property
    def summary(self) -> list[tuple[object, ...]]:
        """What was told, whatever the ids are."""
        return sorted(
            (
                alert.rule_id.int,
                alert.raised_at,
                alert.last_seen_at,
                alert.times,
                alert.state.value,
                alert.resolved and alert.resolved.at,
            )
            for alert in self.alerts.values()
        )


def in_one_pass(records: Sequence[Observation]) -> Desk:
    desk = Desk()
    desk.take(records)
    return desk


@given(data=st.data(), records=drives())
def test_pages_repeated_cut_and_mixed_with_late_records_tell_the_same(
    data: st.DataObject, records: list[Observation]
) -> None:
    once, desk = in_one_pass(records), Desk()
    for page in data.draw(pages(records)):
        desk.take(page)
    event(f"{min(len(once.alerts), 5)} alerts or more")
    assert desk.summary == once.summary
    assert desk.crossings == once.crossings
    assert desk.state == once.state


@given(records=drives())
def test_a_visit_begins_before_it_ends_and_ends_before_the_next(records: list[Observation]) -> None:
    by_fence: dict[UUID, list[Crossing]] = defaultdict(list)
    for crossing in watched(BOOK, [records]).crossings:
        by_fence[crossing.geofence_id].append(crossing)
    for crossings in by_fence.values():
        ways = [crossing.direction for crossing in crossings]
        assert ways == [(Direction.ENTER, Direction.EXIT)[number % 2] for number in range(len(ways))]
        for entered, left in zip(crossings[::2], crossings[1::2], strict=False):
            assert left.entered_at == entered.at <= left.at


@given(records=drives())
def test_what_has_ended_by_itself_was_told_before(records: list[Observation]) -> None:
    for alert in in_one_pass(records).alerts.values():
        assert alert.raised_at <= alert.last_seen_at
        if alert.state is AlertState.RESOLVED:
            assert alert.resolved is not None
            assert alert.resolved.by is None
            assert alert.resolved.at >= alert.last_seen_at
