"""Keys that count once, over JetStream: each is a subject that must be empty when it is spent."""

import logging

from nats.aio.client import Client
from nats.errors import Error as NatsClientError
from nats.js.api import Header
from nats.js.errors import APIError

from trilha.adapters.nats.streams import SPENT, SPENT_PREFIX

log = logging.getLogger(__name__)

_ANSWERS_WITHIN_S = 2.0


class NatsSingleUse:
    """A SingleUse on an open connection; the streams must exist (`ensure_streams`)."""

    def __init__(self, client: Client) -> None:
        self._stream = client.jetstream()

    async def spend(self, key: str) -> bool:
        """See SingleUse."""
        only_first = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: "0"}
        try:
            await self._stream.publish(
                f"{SPENT_PREFIX}.{key}", timeout=_ANSWERS_WITHIN_S, stream=SPENT, headers=only_first
            )
        except APIError:
            return False
        except (NatsClientError, TimeoutError) as error:
            log.warning("cannot tell whether a key is spent: %s", type(error).__name__)
            return False
        return True
