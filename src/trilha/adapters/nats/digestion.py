"""One message, one handler: done, later again, or dead."""

import logging
from collections.abc import Awaitable
from uuid import UUID

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsClientError

from trilha.adapters.nats import wire
from trilha.application.ports import Clock, DeadLetter, DeadLetters, Envelope, Handler
from trilha.domain.kernel import DomainError

log = logging.getLogger(__name__)

CUT_OFF = "the worker ended or lost its connection each time while working on this event"


class Digestion:
    """What one durable consumer does with its messages.

    Attempts are deliveries, counted by the server, so that a handler that kills its process is counted too: the
    delivery after the last attempt goes to the dead letters without being tried. The server itself never gives up on
    a message, hence nothing is lost while the dead letters cannot be written.
    """

    def __init__(
        self, consumer: str, handler: Handler, *, dead_letters: DeadLetters, clock: Clock, pauses_s: tuple[float, ...]
    ) -> None:
        self._consumer = consumer
        self._handler = handler
        self._dead_letters = dead_letters
        self._clock = clock
        self._pauses_s = pauses_s
        self._errors: dict[UUID, str] = {}

    @property
    def max_attempts(self) -> int:
        """A first one, and one after each pause."""
        return len(self._pauses_s) + 1

    async def __call__(self, message: Msg) -> None:
        """Digest and answer; raises nothing but cancellation."""
        try:
            envelope = wire.decode(message.data)
        except msgspec.MsgspecError:
            where = f"{message.metadata.stream} #{message.metadata.sequence.stream}"
            log.error("%s: message %s is no event of ours; it stays in the stream, unread", self._consumer, where)  # noqa: TRY400 - the cause is in the message, and may hold what must not be logged
            await _answer(message, message.term())
            return
        if message.metadata.num_delivered > self.max_attempts:
            await self._bury(message, envelope)
        else:
            await self._try(message, envelope)

    async def _try(self, message: Msg, envelope: Envelope) -> None:
        attempt = message.metadata.num_delivered
        try:
            await self._handler(envelope)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises counts as a failed attempt
            self._errors[envelope.id] = described(error)
            log.warning(
                "%s could not digest %s %s, attempt %d of %d: %s",
                self._consumer, envelope.type, envelope.id, attempt, self.max_attempts, described(error),
            )  # fmt: skip
            if attempt == self.max_attempts:
                await self._bury(message, envelope)
            else:
                await _answer(message, message.nak(delay=self._pauses_s[attempt - 1]))
        else:
            self._errors.pop(envelope.id, None)
            await _answer(message, message.ack())

    async def _bury(self, message: Msg, envelope: Envelope) -> None:
        letter = DeadLetter(
            consumer=self._consumer,
            envelope=envelope,
            attempts=min(message.metadata.num_delivered, self.max_attempts),
            error=self._errors.get(envelope.id, CUT_OFF),
            failed_at=self._clock.now(),
        )
        try:
            await self._dead_letters.add(letter)
        except Exception as error:  # noqa: BLE001 - the event must stay on the bus whatever prevented the letter
            log.error("%s: cannot keep dead letter %s, trying again: %s", self._consumer, envelope.id, described(error))  # noqa: TRY400 - see described
            await _answer(message, message.nak(delay=max(self._pauses_s, default=1)))
            return
        self._errors.pop(envelope.id, None)
        log.error("%s gave up on %s %s: %s", self._consumer, envelope.type, envelope.id, letter.error)
        await _answer(message, message.ack())


def described(error: BaseException) -> str:
    """What may be written down: our own refusals in full, of others the type, for their texts may quote data."""
    if isinstance(error, DomainError):
        return f"{error.code}: {error}"
    return type(error).__name__


async def _answer(message: Msg, answer: Awaitable[None]) -> None:
    try:
        await answer
    except NatsClientError as error:
        log.warning("cannot answer for %s, it will come again: %s", message.subject, type(error).__name__)
