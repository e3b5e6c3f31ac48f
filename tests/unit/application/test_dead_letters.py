"""Events that a consumer could not digest: what a person decides, and what a worker makes of it."""

import msgspec
import pytest

from tests.unit.application.conftest import ORGANISATION_ID, Installation
from trilha.adapters.memory import MemoryDeadLetters
from trilha.application.dead_letters import (
    LetterSettled,
    RedeliverDeadLetters,
    SettleDeadLetter,
    SettleDeadLetterCommand,
)
from trilha.application.ports import DeadLetter, Envelope, LetterStatus
from trilha.domain.kernel import NotFound
from trilha.testing.contracts.dead_letters import a_letter, an_envelope


class Consumer:
    """Digests what it is given, once it is well."""

    def __init__(self) -> None:
        self.is_ill = False
        self.digested: list[Envelope] = []

    async def __call__(self, envelope: Envelope) -> None:
        if self.is_ill:
            raise KeyError("still ill")
        self.digested.append(envelope)


class Desk:
    """A letter on the desk of a person, and the consumer that could not digest it."""

    def __init__(self, here: Installation, letter: DeadLetter) -> None:
        self.letters = MemoryDeadLetters(here.database)
        self.consumer = Consumer()
        self._settle = SettleDeadLetter(dead_letters=self.letters, clock=here.clock)
        handlers = {"consumer": self.consumer}
        self.redeliver = RedeliverDeadLetters(dead_letters=self.letters, handlers=handlers, clock=here.clock)
        self._letter = letter

    async def settle(self, status: LetterStatus) -> DeadLetter:
        event_id = self._letter.envelope.id
        return await self._settle(SettleDeadLetterCommand(ORGANISATION_ID, self._letter.consumer, event_id, status))

    async def look(self) -> DeadLetter:
        (letter,) = await self.letters.all(ORGANISATION_ID)
        return letter


@pytest.fixture
async def desk(here: Installation) -> Desk:
    letter = a_letter(an_envelope(ORGANISATION_ID))
    desk = Desk(here, letter)
    await desk.letters.add(letter)
    return desk


async def test_a_letter_replayed_twice_is_replayed_once(desk: Desk, here: Installation) -> None:
    first = await desk.settle(LetterStatus.REQUESTED)
    assert await desk.settle(LetterStatus.REQUESTED) == first
    assert await desk.redeliver() == 1
    assert await desk.redeliver() == 0
    assert len(desk.consumer.digested) == 1
    letter = await desk.look()
    assert (letter.status, letter.settled_at) == (LetterStatus.REPLAYED, here.clock.now())
    with pytest.raises(LetterSettled):
        await desk.settle(LetterStatus.REQUESTED)


async def test_one_that_fails_again_is_open_again_with_its_new_error(desk: Desk, here: Installation) -> None:
    desk.consumer.is_ill = True
    before = await desk.settle(LetterStatus.REQUESTED)
    await desk.redeliver()
    letter = await desk.look()
    assert (letter.status, letter.attempts) == (LetterStatus.OPEN, before.attempts + 1)
    assert (letter.error, letter.failed_at) == ("KeyError: 'still ill'", here.clock.now())
    desk.consumer.is_ill = False
    await desk.settle(LetterStatus.REQUESTED)
    await desk.redeliver()
    assert (await desk.look()).status is LetterStatus.REPLAYED


async def test_a_discarded_letter_is_never_handed_over(desk: Desk) -> None:
    settled = await desk.settle(LetterStatus.DISCARDED)
    assert await desk.settle(LetterStatus.DISCARDED) == settled
    with pytest.raises(LetterSettled):
        await desk.settle(LetterStatus.REQUESTED)
    assert await desk.redeliver() == 0
    assert desk.consumer.digested == []


async def test_what_was_discarded_while_it_was_handed_over_stays_as_the_worker_left_it(desk: Desk) -> None:
    await desk.settle(LetterStatus.REQUESTED)
    with pytest.raises(LetterSettled):
        await desk.settle(LetterStatus.DISCARDED)
    assert (await desk.look()).status is LetterStatus.REQUESTED


async def test_a_letter_of_a_consumer_that_is_gone_says_so(desk: Desk, here: Installation) -> None:
    orphan = msgspec.structs.replace(a_letter(an_envelope(ORGANISATION_ID)), consumer="gone")
    other = Desk(here, orphan)
    await other.letters.add(orphan)
    await other.settle(LetterStatus.REQUESTED)
    assert await other.redeliver() == 1
    letter = await other.letters.get(ORGANISATION_ID, "gone", orphan.envelope.id)
    assert letter is not None
    assert letter.status is LetterStatus.OPEN
    assert "gone" in letter.error


async def test_there_is_nothing_to_decide_about_what_is_not_there(desk: Desk, here: Installation) -> None:
    settle = SettleDeadLetter(dead_letters=desk.letters, clock=here.clock)
    with pytest.raises(NotFound):
        await settle(SettleDeadLetterCommand(ORGANISATION_ID, "consumer", here.ids.new(), LetterStatus.DISCARDED))
