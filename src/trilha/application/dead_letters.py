"""A person decides about events that a consumer could not digest; a worker does what was decided."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import msgspec

from trilha.application.ports import Clock, DeadLetter, DeadLetters, Handler, LetterStatus
from trilha.domain.kernel import Conflict, NotFound, OrganisationId

BATCH = 50


class LetterSettled(Conflict):
    """The letter was replayed or discarded before."""

    code: ClassVar[str] = "operations.letter_settled"

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(f"this dead letter of {letter.consumer} was {letter.status} at {letter.settled_at}")


class SettleDeadLetterCommand(msgspec.Struct, frozen=True):
    """`status` is REQUESTED to have it replayed, or DISCARDED."""

    organisation_id: OrganisationId
    consumer: str
    event_id: UUID
    status: LetterStatus


class SettleDeadLetter:
    """Asking for the same twice is once. A replay is done by a worker within seconds."""

    def __init__(self, *, dead_letters: DeadLetters, clock: Clock) -> None:
        self._dead_letters = dead_letters
        self._clock = clock

    async def __call__(self, command: SettleDeadLetterCommand) -> DeadLetter:
        """Raises NotFound, and LetterSettled for one that has an end already."""
        letter = await self._dead_letters.get(command.organisation_id, command.consumer, command.event_id)
        if letter is None:
            raise NotFound("dead letter", f"{command.consumer}/{command.event_id}")
        if letter.status is command.status:
            return letter
        if letter.status is not LetterStatus.OPEN:
            raise LetterSettled(letter)
        settled_at = self._clock.now() if command.status is LetterStatus.DISCARDED else None
        changed = msgspec.structs.replace(letter, status=command.status, settled_at=settled_at)
        if not await self._dead_letters.save(changed, if_status=LetterStatus.OPEN):
            raise Conflict("somebody else decided about this dead letter at the same moment; look at it again")
        return changed


class RedeliverDeadLetters:
    """Hands letters that were asked for to their consumers. Inboxes make an effect once, however often this runs.

    `handlers` by consumer. A letter that fails again is open again, with its new error.
    """

    def __init__(self, *, dead_letters: DeadLetters, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._dead_letters = dead_letters
        self._handlers = handlers
        self._clock = clock

    async def __call__(self) -> int:
        """Returns how many were handed over."""
        letters = await self._dead_letters.requested(BATCH)
        for letter in letters:
            await self._dead_letters.save(await self._redelivered(letter), if_status=LetterStatus.REQUESTED)
        return len(letters)

    async def _redelivered(self, letter: DeadLetter) -> DeadLetter:
        handler = self._handlers.get(letter.consumer)
        now = self._clock.now()
        if handler is None:
            error = f"there is no consumer {letter.consumer} any more: discard this letter"
            return msgspec.structs.replace(letter, status=LetterStatus.OPEN, error=error)
        try:
            await handler(letter.envelope)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is what a person has to see
            return msgspec.structs.replace(
                letter,
                status=LetterStatus.OPEN,
                attempts=letter.attempts + 1,
                error=f"{type(error).__name__}: {error}",
                failed_at=now,
            )
        return msgspec.structs.replace(letter, status=LetterStatus.REPLAYED, settled_at=now)
