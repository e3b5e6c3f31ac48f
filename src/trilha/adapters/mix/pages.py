"""Pages of the feeds: what the headers of an answer say, and what its body does."""

import logging
from collections.abc import Callable
from datetime import datetime

import httpx

from trilha.adapters.mix import log_events
from trilha.adapters.mix.amendments import understand_amendments
from trilha.adapters.mix.events import read_events
from trilha.adapters.mix.positions import read_positions
from trilha.adapters.mix.since_token import time_of
from trilha.adapters.mix.split import UnreadableAnswer
from trilha.adapters.mix.trips import read_trips
from trilha.domain.kernel import InvalidValue, SourceUnavailable
from trilha.domain.telemetry import FEEDS, PageReader, RawPage, SourcePage, Stream, Understood, UnderstoodAmendments

_LOG = logging.getLogger(__name__)
_MORE_AVAILABLE = 206
_READERS: dict[Stream, Callable[[bytes, datetime], Understood]] = {
    Stream.EVENTS: read_events,
    Stream.POSITIONS: read_positions,
    Stream.TRIPS: read_trips,
}


class MixPages(PageReader):
    """Reads kept pages as the client reads new ones. Needs no network, no login and no settings."""

    def understand(self, stream: Stream, body: bytes, received_at: datetime) -> Understood:
        """See PageReader. Raises InvalidValue for what is no feed."""
        try:
            return reader_of(stream)(body, received_at)
        except UnreadableAnswer as error:
            problem = str(error)
        raise SourceUnavailable(f"no page of {stream}: {problem}")

    def understand_amendments(self, feed: Stream, body: bytes) -> UnderstoodAmendments:
        """See PageReader."""
        try:
            return understand_amendments(feed, body)
        except UnreadableAnswer as error:
            problem = str(error)
        raise SourceUnavailable(f"no amendments of {feed}: {problem}")


def reader_of(stream: Stream) -> Callable[[bytes, datetime], Understood]:
    """What reads the body of a page of a feed, and raises UnreadableAnswer; raises InvalidValue for what is no feed."""
    if stream not in _READERS:
        raise InvalidValue("stream", stream, ", ".join(FEEDS))
    return _READERS[stream]


def read_since(stream: Stream, response: httpx.Response, since_token: str, received_at: datetime) -> SourcePage:
    """A successful answer (200, 204 or 206) with its two headers; raises UnreadableAnswer."""
    raw = RawPage(stream, since_token, _next_token(response.headers), received_at, response.content)
    return SourcePage.of(raw, reader_of(stream)(raw.body, received_at), has_more=_has_more(response))


def read_between(stream: Stream, response: httpx.Response, window: str, received_at: datetime) -> SourcePage:
    """The one answer about a window; raises UnreadableAnswer."""
    raw = RawPage(stream, window, None, received_at, response.content)
    return SourcePage.of(raw, reader_of(stream)(raw.body, received_at))


def _has_more(response: httpx.Response) -> bool:
    """The header's word; where it is missing or says neither, status 206 means the same."""
    text = str(response.headers.get("HasMoreItems", "")).strip().casefold()
    if text in ("true", "false"):
        return text == "true"
    _LOG.warning(log_events.HEADER_MISSING, extra={"header": "HasMoreItems"})
    return response.status_code == _MORE_AVAILABLE


def _next_token(headers: httpx.Headers) -> str | None:
    """Where the source names no token ours must stay; one that is no token makes the answer nonsense."""
    token = str(headers.get("GetSinceToken", "")).strip()
    if not token:
        _LOG.warning(log_events.HEADER_MISSING, extra={"header": "GetSinceToken"})
        return None
    try:
        time_of(token)
    except InvalidValue as error:
        problem = str(error)
    else:
        return token
    raise UnreadableAnswer(f"the header GetSinceToken cannot be: {problem}")
