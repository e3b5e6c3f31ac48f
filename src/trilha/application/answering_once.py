"""A command that is sent again gets the answer it got: what every use case that takes a key says at both its ends."""

from datetime import datetime
from typing import TypeVar

import msgspec

from trilha.application.ports import Idempotency, IdempotencyScope

Answer = TypeVar("Answer")


async def answered_before(answers: Idempotency, scope: IdempotencyScope | None, kind: type[Answer]) -> Answer | None:
    """What the command was answered; None the first time, and for one without a key.

    Raises KeyReused and StillRunning, see Idempotency.
    """
    known = None if scope is None else await answers.remembered(scope)
    return None if known is None else msgspec.json.decode(known, type=kind)


async def keep_answer(answers: Idempotency, scope: IdempotencyScope | None, answer: object, at: datetime) -> None:
    """Keep it with what the command did, where the command has a key."""
    if scope is not None:
        await answers.remember(scope, msgspec.json.encode(answer), at)
