"""Loading libraries without what they load for features that no process of ours uses.

Each of these imports is optional to the library that makes it, and is there only because another part of the
installation needs it. Together they are a third of the time and of the memory of a process at start.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def without_extras() -> Iterator[None]:
    """Libraries imported in this block find none of `OPTIONAL`, unless it is loaded already."""
    hidden = [name for name in OPTIONAL if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment] # the documented way to make an import fail
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)
