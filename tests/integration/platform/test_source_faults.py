"""What the source does wrong, through the whole use case: the run tells it rightly, and the next one makes it good."""

import msgspec
import pytest

from tests.integration.platform.world import Row, World
from trilha.domain.telemetry import FEEDS, RunStatus, Stream
from trilha.simulators.mix import Fault, FaultKind
from trilha.simulators.mix.faults import Malformed

GOOD, UNAVAILABLE, NOT_PERMITTED = None, "source.unavailable", "source.not_permitted"
STUCK = "telemetry.stream_stuck"

ENDINGS = [
    (Fault(kind=FaultKind.UNAUTHORIZED), GOOD),
    (Fault(kind=FaultKind.UNAUTHORIZED, times=2), NOT_PERMITTED),
    (Fault(kind=FaultKind.FORBIDDEN), NOT_PERMITTED),
    (Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=0), GOOD),
    (Fault(kind=FaultKind.TOO_MANY_REQUESTS, times=3), GOOD),
    (Fault(kind=FaultKind.TOO_MANY_REQUESTS, times=4), UNAVAILABLE),
    (Fault(kind=FaultKind.SERVER_ERROR, times=2), GOOD),
    (Fault(kind=FaultKind.SERVER_ERROR, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.UNAVAILABLE, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.HTML, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.SILENT, wait_s=2.0), GOOD),
    (Fault(kind=FaultKind.SILENT, wait_s=2.0, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.SLOW, wait_s=0.1), GOOD),
    (Fault(kind=FaultKind.CUT_BODY, times=2), GOOD),
    (Fault(kind=FaultKind.CUT_BODY, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.TRUNCATED_JSON, times=3), UNAVAILABLE),
    (Fault(kind=FaultKind.EMPTY_BODY), GOOD),
    (Fault(kind=FaultKind.MISSING_HEADERS), STUCK),
    (Fault(kind=FaultKind.MISSING_HAS_MORE), GOOD),
    (Fault(kind=FaultKind.MISSING_SINCE_TOKEN), STUCK),
    (Fault(kind=FaultKind.STUCK_TOKEN), STUCK),
    (Fault(kind=FaultKind.REPEATED_PAGE), STUCK),
    (Fault(kind=FaultKind.OVERSIZED_PAGE), GOOD),
    (Fault(kind=FaultKind.UNKNOWN_ENUM), GOOD),
]
TELLING = {
    FaultKind.UNAUTHORIZED,
    FaultKind.TRUNCATED_JSON,
    FaultKind.MISSING_HAS_MORE,
    FaultKind.REPEATED_PAGE,
    FaultKind.OVERSIZED_PAGE,
}
"""Those that every feed is put through: what answers a fault is the same for all of them but for the reader."""
CASES = [
    pytest.param(fault, code, feed, id=f"{feed}-{fault.kind}-{fault.times}")
    for feed in FEEDS
    for fault, code in ENDINGS
    if feed is Stream.EVENTS or fault.kind in TELLING
]


@pytest.mark.parametrize(("fault", "code", "feed"), CASES, indirect=["feed"])
async def test_a_fault_in_the_middle_of_a_stream(world: World, fault: Fault, code: str | None) -> None:
    await world.ingest(max_pages=2)
    world.simulator.faults.add(msgspec.structs.replace(fault, route=world.route))
    run = await world.ingest()
    assert (run.status, run.error_code) == (RunStatus.FAILED if code else RunStatus.SUCCEEDED, code)
    assert not world.simulator.faults.waiting()

    again = await world.ingest()
    assert (again.status, again.error_message) == (RunStatus.SUCCEEDED, None)
    world.assert_nothing_lost_or_doubled()
    assert not world.quarantined
    await world.assert_books_balance()


@pytest.mark.parametrize("feed", [Stream.EVENTS, Stream.TRIPS], indirect=True)
@pytest.mark.parametrize("how", list(Malformed))
async def test_a_malformed_record_spoils_no_other(world: World, how: Malformed) -> None:
    world.simulator.faults.add(Fault(kind=FaultKind.MALFORMED_RECORD, record=how, route=world.route))
    run = await world.ingest()
    assert (run.status, run.error_message, run.quarantined) == (RunStatus.SUCCEEDED, None, 1)
    (page_id, record), *others = world.store.back_door.quarantined(world.organisation_id)
    assert not others
    assert record.reason
    async with world.store.units(world.organisation_id) as unit:
        body = await unit.raw_pages.get(page_id)
    assert record.raw in body.body
    world.assert_nothing_lost_or_doubled()
    await world.assert_books_balance()


async def test_odd_values_are_kept_and_what_cannot_be_kept_is_quarantined(world: World) -> None:
    world.simulator.faults.add(Fault(kind=FaultKind.ODD_VALUES, times=99, route=world.route))
    run = await world.ingest()
    assert (run.status, run.error_message) == (RunStatus.SUCCEEDED, None)
    assert {record.reason for record in world.quarantined} == {"nul_character"}
    aside = [of_raw(record.raw) for record in world.quarantined]
    kept = {row[0] for row in world.records}
    world.assert_nothing_lost_or_doubled({row[0]: row for row in aside if row[0] not in kept}.values())
    await world.assert_books_balance()


class Raw(msgspec.Struct, rename="pascal"):
    """Of a record what the truth speaks about."""

    event_id: int
    asset_id: int
    driver_id: int
    event_type_id: int
    total_occurances: int
    start_date_time: object = None


def of_raw(raw: bytes) -> Row:
    one = msgspec.json.decode(raw, type=Raw)
    ids = one.event_id, one.asset_id, one.driver_id, one.event_type_id
    return *ids, str(one.start_date_time or ""), one.total_occurances
