"""Turning a domain event into the CloudEvent that leaves the context."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.application.ports import Envelope
from trilha.domain.kernel import DomainEvent, OrganisationId

_encoder = msgspec.json.Encoder()


def envelope_of(
    event: DomainEvent,
    *,
    event_id: UUID,
    organisation_id: OrganisationId,
    at: datetime,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Envelope:
    """Wrap `event`; the schema name carries its version."""
    return Envelope(
        id=event_id,
        type=event.event_type,
        source=f"/{event.event_type.partition('.')[0]}",
        subject=event.subject,
        time=at,
        organisationid=organisation_id,
        dataschema=f"/events/{event.event_type}/{event.event_version}",
        data=msgspec.Raw(_encoder.encode(event)),
        correlationid=correlation_id,
        causationid=causation_id,
    )


def subject_of(envelope: Envelope) -> str:
    """The subject under which an event travels: `trilha.<organisation>.<context>.<event>`."""
    return f"trilha.{envelope.organisationid}.{envelope.type}"
