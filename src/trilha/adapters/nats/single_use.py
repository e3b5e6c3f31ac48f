"""Keys that count once, over JetStream: each is a subject that must be empty when it is spent."""

from nats.aio.client import Client
from nats.errors import Error as NatsClientError
from nats.js.api import Header
from nats.js.errors import BadRequestError

from trilha.adapters.nats.errors import BusUnavailable
from trilha.adapters.nats.streams import SPENT, SPENT_PREFIX

_ANSWERS_WITHIN_S = 2.0
_NOT_EMPTY = 10071
"""JetStream's code for a subject that has a message already."""


class NatsSingleUse:
    """A SingleUse on an open connection; the streams must exist (`ensure_streams`)."""

    def __init__(self, client: Client) -> None:
        self._stream = client.jetstream()

    async def spend(self, key: str) -> bool:
        """See SingleUse. Raises BusUnavailable."""
        only_first = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: "0"}
        try:
            await self._stream.publish(
                f"{SPENT_PREFIX}.{key}", timeout=_ANSWERS_WITHIN_S, stream=SPENT, headers=only_first
            )
        except BadRequestError as refusal:
            if refusal.err_code == _NOT_EMPTY:
                return False
            raise _unavailable(refusal) from refusal
        except (NatsClientError, TimeoutError) as error:
            raise _unavailable(error) from error
        return True


def _unavailable(error: Exception) -> BusUnavailable:
    return BusUnavailable(f"NATS cannot tell whether a key is spent ({type(error).__name__}); try again")
