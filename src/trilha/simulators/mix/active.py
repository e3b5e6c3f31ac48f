"""Active events: every recorded event again, as the alert that came with it."""

from collections.abc import Iterator
from datetime import datetime

from trilha.simulators.mix.events import EventSource
from trilha.simulators.mix.records import Order, Sending
from trilha.simulators.mix.timeline import from_ms
from trilha.simulators.mix.wire import ActiveEvent, Event


class ActiveEventSource:
    """The alerts of one scenario."""

    def __init__(self, events: EventSource) -> None:
        self._events = events
        self.timeline: Order = events.timeline
        self.revises = events.revises

    def sent(self, slot: int) -> tuple[Sending, ...]:
        """As the events are sent."""
        return self._events.sent(slot)

    def first_sent(self, number: int) -> int:
        """Its own slot."""
        return number

    def record(self, sending: Sending) -> ActiveEvent:
        """The alert of an event."""
        return _alert(self._events.record(sending), from_ms(self.timeline.created_ms(sending[0])))

    def made(self, number: int, start: datetime) -> ActiveEvent:
        """An alert for adding by hand."""
        return _alert(self._events.made(number, start), start)

    def around(self, start_ms: int, end_ms: int, slots: int) -> Iterator[int]:
        """As the events."""
        return self._events.around(start_ms, end_ms, slots)

    def type_id(self, number: int) -> int:
        """As the event's."""
        return self._events.type_id(number)


def _alert(event: Event, received: datetime) -> ActiveEvent:
    return ActiveEvent(
        event_id=event.event_id,
        asset_id=event.asset_id,
        driver_id=event.driver_id,
        event_type_id=event.event_type_id,
        priority=event.event_id & 3,
        armed=event.event_category == "Notify",
        event_date_time=event.occurred or received.replace(microsecond=0),
        received_date_time=received.replace(microsecond=0),
        odometer_kilometres=event.start_odometer_kilometres,
        position=event.start_position,
        value=event.value,
        value_type=event.value_type,
        value_units=event.value_units,
        speed_limit=event.speed_limit,
    )
