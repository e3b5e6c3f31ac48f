"""Watching one vehicle: what was known of it, and what it reports next, give what is known now and what to tell.

`watch` is a pure function that may be called page by page: however the same records are cut into pages, repeated or
mixed with late ones, it comes to the same. The rules that make it so:

- Positions are taken in the order of (time, id). One that is not after the last one taken is late: it shows that the
  vehicle reported, and nothing else. A detour through the past would open visits that never were.
- Events stand for themselves and may come late; the same event twice is told apart by whoever keeps alerts.
- What is from the future, at 0, 0, too vague, or faster away than anything moves, is not believed, by the rules of
  `trilha.domain.tracks`. Three points that agree on a far place are: then the vehicle is there.
- What is historic (see `Moment`) moves what is known of a vehicle, opens and closes visits, and raises nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from trilha.domain.kernel import GeoPoint
from trilha.domain.monitoring.conditions import Direction
from trilha.domain.monitoring.motion import follow
from trilha.domain.monitoring.observations import EvidenceKind, Fix, Happening, Observation
from trilha.domain.monitoring.rulebook import Rulebook, VehicleRules
from trilha.domain.monitoring.rules import AlertRule
from trilha.domain.monitoring.signals import Cleared, Crossing, Evidence, Fired, Signal
from trilha.domain.monitoring.vehicle_watch import Hold, Moment, VehicleWatch, Watched
from trilha.domain.tracks import CleaningPolicy, TrackPoint, distance_m
from trilha.domain.tracks.cleaning import BELIEVING, doubt, is_reachable

STILL_KMH = 3.0
"""Receivers of standing vehicles say so much."""
STILL_M = 30.0
"""Where it says no speed: so far it may seem to jump."""
GAP = timedelta(minutes=10)
"""A unit that says nothing for longer was switched off with the engine, or out of reach: what is judged by one position
after the other (speed, idling, the driver) may have ended meanwhile, so it begins anew."""


def watch(
    state: VehicleWatch,
    observations: Sequence[Observation],
    book: Rulebook,
    moment: Moment,
    policy: CleaningPolicy = BELIEVING,
) -> Watched:
    """Take what one vehicle reported, in any order."""
    at_work = _Watch(state, book, moment, policy)
    for observation in sorted(observations, key=_in_order):
        at_work.take(observation)
    return at_work.result()


def listen(state: VehicleWatch, book: Rulebook, now: datetime) -> Watched:
    """Look at a vehicle of which nothing comes; each silence is told once by each rule."""
    at_work = _Watch(state, book, Moment(now, now), BELIEVING)
    at_work.listen(now)
    return at_work.result()


def _in_order(observation: Observation) -> tuple[datetime, int]:
    return observation.at, observation.record_id


class _Watch:
    """A vehicle's state while records are taken; thrown away afterwards."""

    def __init__(self, state: VehicleWatch, book: Rulebook, moment: Moment, policy: CleaningPolicy) -> None:
        self._book = book
        self._rules: VehicleRules = book.of(state.vehicle_id)
        self._moment = moment
        self._policy = policy
        self._state = state
        self._seen_at = state.seen_at
        self._heard = state.heard
        self._last = state.last
        self._doubted = state.doubted
        self._motion = state.motion
        self._still_since = state.still_since
        self._inside = dict(state.inside)
        self._holds = {key: hold for key, hold in state.holds.items() if key in self._rules.by_id}
        # asked for every rule and position, and UUIDs are slow to look up
        self._held = {id(self._rules.by_id[key]) for key in self._holds}
        self._quiet = dict(state.quiet)
        for key in [key for key, until in state.quiet.items() if until <= moment.told_from]:
            del self._quiet[key]
        self._signals: list[Signal] = []
        self._crossings: list[Crossing] = []

    def result(self) -> Watched:
        """What came of it."""
        state = VehicleWatch(
            vehicle_id=self._state.vehicle_id,
            seen_at=self._seen_at,
            heard=self._heard,
            last=self._last,
            doubted=self._doubted,
            motion=self._motion,
            still_since=self._still_since,
            inside=self._inside,
            holds=self._holds,
            quiet=self._quiet,
        )
        return Watched(state, tuple(self._signals), tuple(self._crossings))

    def take(self, observation: Observation) -> None:
        """One record; the earlier ones of the page were taken before."""
        if observation.at > self._moment.latest:
            return
        self._see(observation.at)
        if isinstance(observation, Fix):
            self._take_fix(observation)
        elif isinstance(observation, Happening):
            self._take_happening(observation)

    def listen(self, now: datetime) -> None:
        """Nothing came until now."""
        seen_at = self._seen_at
        if seen_at is None:
            return
        silent_s = (now - seen_at).total_seconds()
        for rule, condition in self._rules.of_silence:
            if silent_s >= condition.for_s and id(rule) not in self._held and self._may_tell(rule, now):
                self._hold(rule, Hold(since=seen_at, fired=True))
                last, sign = self._last, int(seen_at.timestamp() * 1000)
                latitude_deg = None if last is None else last.latitude_deg
                longitude_deg = None if last is None else last.longitude_deg
                evidence = Evidence(
                    EvidenceKind.SILENCE, sign, now, latitude_deg, longitude_deg, silent_s, condition.for_s
                )
                self._signals.append(Fired(rule.id, self._state.vehicle_id, None, evidence))

    def _see(self, at: datetime) -> None:
        if self._seen_at is not None and at <= self._seen_at:
            return
        self._seen_at = at
        for rule, _ in self._rules.of_silence:
            if id(rule) in self._held:
                self._end(rule, at)

    def _take_happening(self, happening: Happening) -> None:
        for rule in self._rules.of_event.get(happening.event_type_id, ()):
            if self._may_tell(rule, happening.at):
                evidence = Evidence(
                    EvidenceKind.EVENT,
                    happening.record_id,
                    happening.at,
                    happening.latitude_deg,
                    happening.longitude_deg,
                    happening.value,
                    happening.limit,
                )
                self._signals.append(Fired(rule.id, happening.vehicle_id, happening.driver_id, evidence))

    def _take_fix(self, fix: Fix) -> None:
        place_in_line = (fix.point.at, fix.record_id)
        if self._heard is not None and place_in_line <= self._heard:
            return
        if doubt(fix.point, self._policy, None) is not None:
            return
        self._heard = place_in_line
        if self._last is None or is_reachable(self._last, fix.point, self._policy):
            self._doubted = ()
            self._believe(fix)
            return
        agrees = bool(self._doubted) and is_reachable(self._doubted[-1].point, fix.point, self._policy)
        self._doubted = (*self._doubted, fix) if agrees else (fix,)
        if len(self._doubted) >= self._policy.relocation_points:
            moved, self._doubted = self._doubted, ()
            for one in moved:
                self._believe(one)

    def _believe(self, fix: Fix) -> None:
        rules, before = self._rules, self._last
        if before is not None and fix.at - before.at > GAP:
            self._end_unheard(fix.at)
        self._cross(fix)
        self._last = fix.point
        if rules.of_speed:
            self._judge_speed(fix)
        if rules.of_dwell:
            self._judge_dwell(fix)
        if rules.of_idling:
            self._judge_idling(fix, before)
        if rules.of_driver:
            self._motion = follow(self._motion, fix.point)
            for rule, condition in rules.of_driver:
                holds = self._motion.is_moving and not fix.has_driver
                self._judge(rule, fix, holds=holds, since=fix.at, for_s=condition.for_s)

    def _cross(self, fix: Fix) -> None:
        around = self._book.places.containing(fix.point.latitude_deg, fix.point.longitude_deg)
        if not around and not self._inside:
            return
        for geofence_id in sorted(around):
            if geofence_id not in self._inside:
                self._inside[geofence_id] = fix.at
                self._crossed(fix, geofence_id, Direction.ENTER, fix.at)
        for geofence_id in sorted(self._inside.keys() - set(around)):
            entered_at = self._inside.pop(geofence_id)
            self._crossed(fix, geofence_id, Direction.EXIT, entered_at)

    def _crossed(self, fix: Fix, geofence_id: UUID, direction: Direction, entered_at: datetime) -> None:
        crossing = Crossing(
            geofence_id=geofence_id,
            vehicle_id=fix.vehicle_id,
            driver_id=fix.driver_id,
            direction=direction,
            at=fix.at,
            entered_at=entered_at,
            record_id=fix.record_id,
            place=GeoPoint(fix.point.latitude_deg, fix.point.longitude_deg),
            was_seen_outside=self._last is not None,
        )
        self._crossings.append(crossing)
        if not crossing.was_seen_outside:
            return
        for rule, condition in self._rules.of_crossing.get(geofence_id, ()):
            if condition.wants(direction) and self._may_tell(rule, fix.at):
                dwelled_s = crossing.dwelled_s if direction is Direction.EXIT else None
                self._fire(rule, fix, dwelled_s, None, geofence_id)

    def _judge_speed(self, fix: Fix) -> None:
        self._end_unconfirmed(fix.at)
        speed = fix.point.speed_kmh
        if speed is None:
            return
        rules = self._rules
        if speed <= rules.harmless_kmh and not rules.asks_posted and not self._holds:
            return
        for rule, condition in rules.of_speed:
            limit = fix.speed_limit_kmh if condition.limit_kmh is None else condition.limit_kmh
            if limit is None:
                continue
            holds = speed > limit + condition.tolerance_kmh
            if holds or id(rule) in self._held:
                self._judge(rule, fix, holds=holds, since=fix.at, for_s=condition.for_s, value=speed, limit=limit)
            if holds:
                self._hold(rule, msgspec.structs.replace(self._holds[rule.id], confirmed_at=fix.at))

    def _end_unconfirmed(self, at: datetime) -> None:
        """Positions without a speed or a limit say nothing of speeding, but not for ever: then it may have ended."""
        for rule, _ in self._rules.of_speed if self._held else ():
            hold = self._holds[rule.id] if id(rule) in self._held else None
            if hold is not None and at - (hold.confirmed_at or hold.since) > GAP:
                self._end(rule, at)

    def _judge_dwell(self, fix: Fix) -> None:
        inside = self._inside
        for rule, condition, geofence_ids in self._rules.of_dwell:
            if id(rule) not in self._held and (not inside or geofence_ids.isdisjoint(inside)):
                continue
            stays = [(entered_at, one) for one, entered_at in inside.items() if one in geofence_ids]
            since, geofence_id = min(stays, default=(fix.at, None))
            lasted_s = (fix.at - since).total_seconds()
            holds = geofence_id is not None and lasted_s >= condition.for_s
            self._judge(
                rule, fix, holds=holds, since=since, for_s=0, value=lasted_s, limit=condition.for_s, place=geofence_id
            )

    def _judge_idling(self, fix: Fix, before: TrackPoint | None) -> None:
        still = is_still(before, fix.point)
        if not still:
            self._still_since = None
        elif self._still_since is None:
            self._still_since = fix.at
        since = self._still_since or fix.at
        for rule, condition in self._rules.of_idling:
            lasted_s = (fix.at - since).total_seconds()
            holds = still and lasted_s >= condition.for_s
            if holds or id(rule) in self._held:
                self._judge(rule, fix, holds=holds, since=since, for_s=0, value=lasted_s, limit=condition.for_s)

    def _end_unheard(self, at: datetime) -> None:
        self._still_since = None
        for rule, _ in (*self._rules.of_speed, *self._rules.of_idling, *self._rules.of_driver):
            if id(rule) in self._held:
                self._end(rule, at)

    def _judge(
        self,
        rule: AlertRule,
        fix: Fix,
        *,
        holds: bool,
        since: datetime,
        for_s: int,
        value: float | None = None,
        limit: float | None = None,
        place: UUID | None = None,
    ) -> None:
        """Begin, go on or end what lasts. Where a rule sleeps or is quiet, it fires as soon as it may."""
        hold = self._holds[rule.id] if id(rule) in self._held else None
        if not holds:
            if hold is not None:
                self._end(rule, fix.at)
            return
        if hold is None:
            hold = self._hold(rule, Hold(since=since))
        lasted_s = (fix.at - hold.since).total_seconds()
        if not hold.fired and lasted_s >= for_s and self._may_tell(rule, fix.at):
            self._hold(rule, msgspec.structs.replace(hold, fired=True))
            self._fire(rule, fix, lasted_s if value is None else value, for_s if limit is None else limit, place)

    def _fire(self, rule: AlertRule, fix: Fix, value: float | None, limit: float | None, place: UUID | None) -> None:
        point = fix.point
        evidence = Evidence(
            EvidenceKind.POSITION,
            fix.record_id,
            point.at,
            point.latitude_deg,
            point.longitude_deg,
            value,
            limit,
            place,
        )
        self._signals.append(Fired(rule.id, fix.vehicle_id, fix.driver_id, evidence))

    def _end(self, rule: AlertRule, at: datetime) -> None:
        """What lasted is over; if it was told, its end is, and the rule is quiet for its cooldown."""
        self._held.discard(id(rule))
        if not self._holds.pop(rule.id).fired:
            return
        self._signals.append(Cleared(rule.id, self._state.vehicle_id, at))
        if rule.content.cooldown_s:
            until = at + timedelta(seconds=rule.content.cooldown_s)
            self._quiet[rule.id] = max(self._quiet.get(rule.id, until), until)

    def _hold(self, rule: AlertRule, hold: Hold) -> Hold:
        self._holds[rule.id] = hold
        self._held.add(id(rule))
        return hold

    def _may_tell(self, rule: AlertRule, at: datetime) -> bool:
        if at < self._moment.told_from:
            return False
        quiet_until = self._quiet.get(rule.id)
        if quiet_until is not None and at < quiet_until:
            return False
        return rule.content.schedule.includes(at, self._book.zone)


def is_still(before: TrackPoint | None, point: TrackPoint) -> bool:
    """Whether a vehicle stands, by its speed where the receiver says one, else by how little it has moved."""
    if point.speed_kmh is not None:
        return point.speed_kmh <= STILL_KMH
    if before is None:
        return False
    return distance_m(before, point) <= STILL_M
