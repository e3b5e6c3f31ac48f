"""All streams of a simulated organisation."""

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
from trilha.simulators.mix.trips import TripSource


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
