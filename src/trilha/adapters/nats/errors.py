"""What can go wrong between us and NATS, for the person who can mend it."""

from typing import ClassVar

from trilha.domain.kernel import DomainError


class NatsError(DomainError):
    """Root of this adapter's errors."""

    code: ClassVar[str] = "bus.error"


class BusUnavailable(NatsError):
    """NATS does not answer at the moment; nothing was lost, try again."""

    code = "bus.unavailable"


class StreamMismatch(NatsError):
    """A stream exists with settings under which events or tasks could be lost."""

    code = "bus.stream_mismatch"

    def __init__(self, stream: str, differences: dict[str, tuple[object, object]]) -> None:
        told = "; ".join(f"{field} is {has!r}, expected {wanted!r}" for field, (has, wanted) in differences.items())
        super().__init__(
            f"NATS stream {stream} was made with other settings: {told}. "
            f"Change them with `nats stream edit {stream}`; where NATS refuses, let the consumers empty the stream, "
            f"remove it with `nats stream rm {stream}`, and run `trilha migrate` again"
        )
        self.stream = stream
        self.differences = differences
