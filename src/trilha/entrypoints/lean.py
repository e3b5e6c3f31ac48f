"""Loading libraries without what they load for features that no process of ours uses.

Each of these imports is optional to the library that makes it, and is there only because another part of the
installation needs it. Together they are a third of the time and of the memory of a process at start.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Final

OPTIONAL: Final = (
    "rich",  # of structlog and httpx: coloured tracebacks, a command line
    "pygments",
    "click",
    "aiohttp",  # of nats: NATS over WebSocket
    "flask",  # of dependency_injector: wiring, which we do not use
    "werkzeug",
    "fastapi",
    "starlette",
    "yaml",  # of dependency_injector: configuration files
)
MODELS: Final = ("pydantic", "pydantic_settings", "attr", "attrs")  # of dependency_injector and litestar


class _Hidden(MetaPathFinder):
    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Refuse the hidden ones; leave the rest to the finders behind this one."""
        del path, target
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)


@contextmanager
def without_extras(*extras: str) -> Iterator[None]:
    """Libraries imported in this block find none of `extras`, unless it is loaded already."""
    hidden = _Hidden(extras)
    sys.meta_path.insert(0, hidden)
    try:
        yield
    finally:
        sys.meta_path.remove(hidden)
