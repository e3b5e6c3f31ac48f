"""After `trilha up` is ready: which streams come in, until all have caught up. Asks the API, as anybody could."""

import json
import threading
import urllib.request
from contextlib import nullcontext
from types import TracebackType
from typing import Any, Self

from rich.status import Status

from trilha.entrypoints.cli.output import console, say

POLL_S = 2.0
_ANSWER_WITHIN_S = 5.0
_HEADER = "Trilha-Organisation"
_SHOWN = ("events", "positions", "trips")


class Incoming:
    """A line that is alive in a terminal, and one line a stream elsewhere; ends when every stream is up to date."""

    def __init__(self, api_url: str, token: str) -> None:
        self._api_url = api_url
        self._token = token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="incoming", daemon=True)
        self._caught_up: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_ANSWER_WITHIN_S)

    def start(self) -> None:
        """Begin to ask, beside whatever this process does."""
        self._thread.start()

    def _watch(self) -> None:
        with console.status("") if console.is_terminal else nullcontext() as line:
            while not self._stop.wait(POLL_S) and self._caught_up < set(_SHOWN):
                try:
                    streams = self._streams()
                except (OSError, ValueError, KeyError):
                    continue  # the API restarts, or no organisation is connected yet
                self._tell(streams, line)

    def _streams(self) -> dict[str, list[dict[str, Any]]]:
        """How each stream is in every organisation."""
        found: dict[str, list[dict[str, Any]]] = {stream: [] for stream in _SHOWN}
        for organisation in self._ask("/v1/organisations")["items"]:
            for one in self._ask("/v1/etl/health", organisation["id"])["streams"]:
                if one["stream"] in found:
                    found[one["stream"]].append(one)
        return found

    def _ask(self, path: str, organisation_id: str | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", **({_HEADER: organisation_id} if organisation_id else {})}
        request = urllib.request.Request(self._api_url + path, headers=headers)  # noqa: S310 - our own API
        with urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S) as answer:  # noqa: S310 - our own API
            return dict(json.load(answer))

    def _tell(self, streams: dict[str, list[dict[str, Any]]], line: Status | None) -> None:
        for stream, all_of_it in streams.items():
            up_to_date = bool(all_of_it) and all(one["status"] == "ok" for one in all_of_it)
            if up_to_date and stream not in self._caught_up:
                self._caught_up.add(stream)
                say(f"[green]✓[/] {stream} are up to date, {_rows(all_of_it):,} records came in")
        if line is not None:
            coming = [f"{stream} {_rows(streams[stream]):,}" for stream in _SHOWN if stream not in self._caught_up]
            line.update("coming in: " + ", ".join(coming))


def _rows(all_of_it: list[dict[str, Any]]) -> int:
    return sum(one["rows"] for one in all_of_it)
