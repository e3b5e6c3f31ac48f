"""The driving process: a fleet whose positions are committed at a steady rate, as the worker would.

    python -m benchmarks.driving VEHICLES PAGES_PER_SECOND SECONDS     settings in the environment

Says `ready` when the organisation is connected, begins with the first line of standard input, and answers with a line
of what it did: the moment at which each page was committed, by the monotonic clock of the machine, and its own cost.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta

import msgspec

from benchmarks.read_data import ORGANISATION
from trilha.adapters.memory import MemorySource, SourceFleet
from trilha.adapters.nats import NatsLiveFeed, open_nats
from trilha.adapters.system import SystemClock
from trilha.application.telemetry.ingest_stream import IngestStreamCommand
from trilha.domain.fleet import SourceOrganisation
from trilha.domain.identity import Organisation, OrganisationSource
from trilha.domain.kernel import DriverId, OrganisationId, PositionId, VehicleId
from trilha.domain.telemetry import Position, RunStatus, SourcePage, Stream
from trilha.entrypoints.container.database import open_database
from trilha.entrypoints.settings import load_settings

EXTERNAL_ID = 4242
FIRST_ID = 1_234_567_890_123_456_789


class Driven(msgspec.Struct, frozen=True):
    """When each page was committed, and the processor time that driving took."""

    stamps_ns: list[int]
    processor_s: float


class StampedFeed(NatsLiveFeed):
    """Notes when it is handed a page, which is right after the commit."""

    stamps_ns: list[int]

    async def publish(self, organisation_id: OrganisationId, topic: str, payload: bytes) -> None:
        """Note, then publish."""
        self.stamps_ns.append(time.monotonic_ns())
        await super().publish(organisation_id, topic, payload)


class SteadySource(MemorySource):
    """Gives a page of positions at each beat; each vehicle reports once a turn."""

    def __init__(self, vehicles: int, pages_per_second: float) -> None:
        super().__init__(SystemClock())
        self.add(SourceFleet(SourceOrganisation(EXTERNAL_ID, "Viação Exemplo", "America/Sao_Paulo")))
        self._vehicles = vehicles
        self._size = round(vehicles / pages_per_second)
        self._beat_s = 1 / pages_per_second
        self._begun_at = 0.0
        self._pages = 0

    async def page_since(self, stream: Stream, external_id: int, token: str, *, urgent: bool) -> SourcePage:  # noqa: ARG002 - the port's
        """The next page, when it is due."""
        self._begun_at = self._begun_at or time.monotonic()
        await asyncio.sleep(self._begun_at + self._pages * self._beat_s - time.monotonic())
        now = datetime.now(UTC)
        first = self._pages * self._size
        positions = tuple(self._position(first + number, now) for number in range(self._size))
        self._pages += 1
        return SourcePage(
            stream=stream, asked_for=token, next_token=self.token_at(now), has_more=True, received_at=now,
            body=msgspec.json.encode(positions), records=positions,
        )  # fmt: skip

    def _position(self, number: int, now: datetime) -> Position:
        return Position(
            id=PositionId(FIRST_ID + number),
            occurred_at=now - timedelta(seconds=2),
            driver_id=DriverId(FIRST_ID - number % 700),
            vehicle_id=VehicleId(FIRST_ID + number % self._vehicles),
            latitude_deg=-15.79 + number % 997 / 10_000,
            longitude_deg=-47.88 + number % 1_009 / 10_000,
            speed_kmh=float(number % 90),
            heading_deg=number % 360,
            altitude_m=1_100 + number % 50,
            odometer_km=20_000 + number % 2_800 / 10,
            satellites=9,
            hdop=1,
            reading_age_s=1,
            source="Telemetry",
        )


async def main(vehicles: int, pages_per_second: float, seconds: int) -> None:
    """Connect, wait for the word, drive."""
    settings = load_settings(os.environ)
    async with open_database(settings, "benchmark") as container, open_nats(settings.nats_url or "") as client:
        live = StampedFeed(client)
        live.stamps_ns = []
        container.live.override(live)
        container.source.override(SteadySource(vehicles, pages_per_second))
        container.worker.override("benchmark")
        organisation = Organisation(ORGANISATION, "Viação Exemplo", "America/Sao_Paulo", datetime.now(UTC))
        await container.organisations().add(organisation, OrganisationSource(ORGANISATION, "memory", EXTERNAL_ID))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        command = IngestStreamCommand(ORGANISATION, Stream.POSITIONS, max_pages=round(seconds * pages_per_second))
        used_s = time.process_time()
        run = await container.ingest_stream()(command)
        if run is None or run.status is not RunStatus.SUCCEEDED:
            raise SystemExit(f"the run did not succeed: {run and run.error_message}")
        print(msgspec.json.encode(Driven(live.stamps_ns, time.process_time() - used_s)).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
