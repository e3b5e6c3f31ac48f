"""Events on the wire: CloudEvents 1.0 in structured JSON."""

from datetime import UTC
from uuid import UUID

import msgspec

from trilha.application.ports import Envelope

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The JSON of an event: times in UTC with Z, absent attributes left out as the specification wants."""
    attributes = {name: getattr(envelope, name) for name in Envelope.__struct_fields__}
    attributes["time"] = envelope.time.astimezone(UTC)
    return _encoder.encode({name: value for name, value in attributes.items() if value is not None})


def decode(body: bytes) -> Envelope:
    """Read an event; unknown attributes are ignored. Raises msgspec.MsgspecError."""
    envelope = _decoder.decode(body)
    return msgspec.structs.replace(envelope, time=envelope.time.astimezone(UTC))


def headers(event_id: UUID) -> dict[str, str]:
    """The id lets the server drop a second copy."""
    return {"Nats-Msg-Id": str(event_id), "Content-Type": CONTENT_TYPE}
