"""What a data folder is fed from, remembered in it: a simulated company and a real one must never meet in it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from trilha.entrypoints.mistakes import ExitCode, Mistake

Kind = Literal["demo", "own"]
DEMO: Final[Kind] = "demo"
OWN: Final[Kind] = "own"
MEMORY = "feed.json"
_HISTORY = timedelta(days=7)
_SEED = 1042


class Feed(msgspec.Struct, frozen=True):
    """Who feeds the folder, since when. The seed, with the time, makes the simulated company the same one again."""

    kind: Kind
    since: datetime
    seed: int = _SEED


def require_feed(folder: Path, wanted: Kind) -> Feed:
    """The feed of this folder, remembered from the first call on. Raises Mistake where it is the other one."""
    found = known_feed(folder)
    if found is None or (found.kind != wanted and not _holds_data(folder)):
        found = Feed(wanted, datetime.now(UTC).replace(microsecond=0) - _HISTORY)
        (folder / MEMORY).write_bytes(msgspec.json.encode(found))
    if found.kind != wanted:
        raise Mistake(_mixed(folder, wanted), ExitCode.CONFIGURATION)
    return found


def known_feed(folder: Path) -> Feed | None:
    """What the folder remembers; None before its first start."""
    try:
        return msgspec.json.decode((folder / MEMORY).read_bytes(), type=Feed)
    except FileNotFoundError:
        return None


def _holds_data(folder: Path) -> bool:
    return any((folder / server).exists() for server in ("postgres", "nats"))


def _mixed(folder: Path, wanted: Kind) -> str:
    if wanted == OWN:
        return (
            f"the data folder {folder} holds the simulated company of `trilha up --demo`, which must not get among "
            "your own data: set TRILHA_DATA_DIR to another folder for those, or remove this one to be rid of the demo"
        )
    return (
        f"the data folder {folder} holds data of your own, among which a simulated company must not get: "
        "set TRILHA_DATA_DIR to another folder for the demo"
    )
