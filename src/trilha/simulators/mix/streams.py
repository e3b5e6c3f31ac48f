"""All streams of a simulated organisation."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from trilha.simulators.mix.active import ActiveEventSource
from trilha.simulators.mix.amendments import AMENDABLE, Amendments
from trilha.simulators.mix.crew import Crew
from trilha.simulators.mix.events import EventSource
from trilha.simulators.mix.fleet import Fleet
from trilha.simulators.mix.journeys import Journeys
from trilha.simulators.mix.positions import PositionSource
from trilha.simulators.mix.records import Kind, Source
from trilha.simulators.mix.scenario import Scenario
from trilha.simulators.mix.stream import RecordStream
from trilha.simulators.mix.track_files import read_tracks
from trilha.simulators.mix.tracked import TrackedFleet, Tracks, open_tracks
from trilha.simulators.mix.trips import TripSource
from trilha.simulators.mix.wire import encode


def open_amendments(scenario: Scenario, fleet: Fleet, streams: dict[Kind, RecordStream]) -> dict[Kind, Amendments]:
    """For the kinds that have them."""
    crew = Crew(fleet)
    return {kind: Amendments(scenario, kind, streams[kind].source, crew) for kind in AMENDABLE}


def open_streams(scenario: Scenario, fleet: Fleet, events: EventSource) -> dict[Kind, RecordStream]:
    """Each on its own timeline."""
    journeys = Journeys(scenario, fleet)
    sources: dict[Kind, Source] = {
        Kind.EVENTS: events,
        Kind.POSITIONS: PositionSource(scenario, fleet, journeys),
        Kind.TRIPS: TripSource(scenario, fleet, journeys),
        Kind.ACTIVE_EVENTS: ActiveEventSource(events),
    }
    return {kind: RecordStream(scenario, source) for kind, source in sources.items()}


def open_organisation(
    scenario: Scenario, folders: Sequence[Path] = ()
) -> tuple[Fleet, dict[Kind, RecordStream], Tracks]:
    """Made from the seed, or from the recordings in `folders`."""
    if not folders:
        fleet = Fleet(scenario)
        return fleet, open_streams(scenario, fleet, EventSource(scenario, fleet)), Tracks((), ())
    read = [read_tracks(folder) for folder in folders]
    recordings = [one for found, _ in read for one in found]
    streams, tracks = open_tracks(scenario, recordings, [one for _, ignored in read for one in ignored])
    return TrackedFleet(scenario, recordings), streams, tracks


@lru_cache(maxsize=4)
def _streams(scenario: Scenario) -> dict[Kind, RecordStream]:
    return open_organisation(scenario)[1]


def render_page(scenario: Scenario, start: int, count: int, kind: Kind = Kind.EVENTS) -> bytes:
    """The JSON array that the `count` slots from `start` on send, trips with their sub-trips."""
    source = _streams(scenario)[kind].source
    return encode([source.record(sending) for slot in range(start, start + count) for sending in source.sent(slot)])
