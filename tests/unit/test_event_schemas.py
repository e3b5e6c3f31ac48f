"""The schemas of domain events are a promise to whoever listens: within a version only optional fields are added."""

import json
from collections.abc import Iterator

import msgspec
import pytest

import trilha.domain.fleet
import trilha.domain.identity
import trilha.domain.maintenance
import trilha.domain.monitoring
import trilha.domain.performance
import trilha.domain.reporting
import trilha.domain.telemetry  # noqa: F401 - importing the contexts makes their events known
from tests.golden import ROOT, assert_golden
from trilha.domain.kernel import DomainEvent


def events(base: type[DomainEvent] = DomainEvent) -> Iterator[type[DomainEvent]]:
    for event in base.__subclasses__():
        yield event
        yield from events(event)


EVENTS = sorted(
    (event for event in events() if event.__module__.startswith("trilha.domain")), key=lambda event: event.event_type
)


def file_of(event: type[DomainEvent]) -> str:
    return f"docs/events/{event.event_type}.{event.event_version}.json"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type)
def test_the_schema_of_an_event_is_frozen(event: type[DomainEvent]) -> None:
    schema = {"$id": f"/events/{event.event_type}/{event.event_version}", **msgspec.json.schema(event)}
    assert_golden(file_of(event), json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def test_no_schema_is_left_without_its_event() -> None:
    kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/events").glob("*.json")}
    assert kept == {file_of(event) for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type)
def test_an_event_is_named_context_dot_what_happened(event: type[DomainEvent]) -> None:
    context, _, happened = event.event_type.partition(".")
    assert event.__module__ == f"trilha.domain.{context}.events"
    assert happened.isascii()
    assert happened == happened.lower()
