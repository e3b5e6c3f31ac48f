"""Peers and load generator that run on Node.js: installed from their lock files into the scratch folder."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.figures import progress
from benchmarks.scratch import folder

PEERS = Path(__file__).parent / "peers"
IGNORED_NOISE = "--loglevel=error"


class Load(msgspec.Struct, frozen=True):
    """Requests to repeat for some seconds over some connections, paths in turn."""

    url: str
    token: str
    paths: Sequence[str]
    connections: int
    seconds: int


class Measured(msgspec.Struct, frozen=True):
    """How a server bore a load; `failed` counts whatever was not a 2xx in time."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def installed(peer: str) -> Path:
    """The peer's folder with its packages, as its lock file has them; installed anew when that changed."""
    if shutil.which("npm") is None:
        raise SystemExit("this benchmark compares with a Node.js server: install Node.js 20 or newer with npm")
    source, target = PEERS / peer, folder(peer)
    for file in source.iterdir():
        shutil.copy(file, target / file.name)
    digest = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    stamp = target / ".installed"
    if not stamp.exists() or stamp.read_text() != digest:
        progress(f"npm ci for {peer}")
        subprocess.run(["npm", "ci", "--omit=dev", "--ignore-scripts", IGNORED_NOISE], cwd=target, check=True)
        stamp.write_text(digest)
    return target


def send(load: Load) -> Measured:
    """Measure once; raises SystemExit if a single answer was not a success, for then the figures mean nothing."""
    done = subprocess.run(
        ["node", str(installed("load") / "load.js")],
        input=msgspec.json.encode(load), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    measured = msgspec.json.decode(done.stdout, type=Measured)
    if measured.failed or not measured.requests:
        raise SystemExit(f"{load.url}: {measured.failed} of {measured.requests} requests failed")
    return measured


def version_of(peer: str, package: str) -> str:
    """Which version of a package is installed."""
    manifest = installed(peer) / "node_modules" / package / "package.json"
    return str(msgspec.json.decode(manifest.read_bytes())["version"])


def node_environment(values: Mapping[str, object]) -> dict[str, str]:
    """As a production server would run."""
    return {"NODE_ENV": "production"} | {key: str(value) for key, value in values.items()}
