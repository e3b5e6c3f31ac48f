"""Domain events that a consumer could not digest: look at them, hand them over once more, or let them go."""

import msgspec

from trilha.application.dead_letters import SettleDeadLetterCommand
from trilha.application.list_dead_letters import DeadLetterView, dead_letter_view, page_of_letters
from trilha.application.ports import LetterStatus
from trilha.domain.kernel import NotFound
from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads, settles
from trilha.entrypoints.http.reading import LetterStatusName, PagedQuery, Query

PATH = "/v1/etl/dead-letters"
_ONE = PATH + "/{consumer:str}/{event_id:str}"


class DeadLetterPage(msgspec.Struct, frozen=True):
    """Dead letters without their events, and where to go on."""

    items: tuple[DeadLetterView, ...]
    next_cursor: str | None


class DeadLettersQuery(PagedQuery, frozen=True, kw_only=True):
    """Which dead letters."""

    status: LetterStatusName | None = None


@reads(PATH, "listDeadLetters", DeadLetterPage, tag="etl", query=DeadLettersQuery)
async def list_dead_letters(request: Call) -> Answer:
    """Events that a consumer gave up on, the last failure first."""
    asked = request.asks(DeadLettersQuery)
    letters = await request.parts.dead_letters.all(await request.organisation())
    status = None if asked.status is None else LetterStatus(asked.status)
    return json(page_of_letters(letters, status, asked.page))


@reads(_ONE, "getDeadLetter", DeadLetterView, tag="etl")
async def get_dead_letter(request: Call) -> Answer:
    """One dead letter with its event, a CloudEvent."""
    request.asks(Query)
    consumer, event_id = request.path_params["consumer"], request.uuid("event_id")
    letter = await request.parts.dead_letters.get(await request.organisation(), consumer, event_id)
    if letter is None:
        raise NotFound("dead letter", f"{consumer}/{event_id}")
    return json(dead_letter_view(letter, whole=True))


@settles(_ONE + "/replay", "replayDeadLetter", DeadLetterView, tag="etl")
async def replay_dead_letter(request: Call) -> Answer:
    """Have the event handed to its consumer once more.

    A worker does so within seconds, and the letter turns from `requested` to `replayed`, or is open again with its new
    error. An effect that was made before is not made again.
    """
    return await _settle(request, LetterStatus.REQUESTED)


@settles(_ONE + "/discard", "discardDeadLetter", DeadLetterView, tag="etl")
async def discard_dead_letter(request: Call) -> Answer:
    """Decide that the event need not be digested."""
    return await _settle(request, LetterStatus.DISCARDED)


async def _settle(request: Call, status: LetterStatus) -> Answer:
    request.asks(Query)
    consumer, event_id = request.path_params["consumer"], request.uuid("event_id")
    command = SettleDeadLetterCommand(await request.organisation(), consumer, event_id, status)
    return json(dead_letter_view(await request.parts.settle_dead_letter(command), whole=True))


ROUTES = (list_dead_letters, get_dead_letter, replay_dead_letter, discard_dead_letter)
