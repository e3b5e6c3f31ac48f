"""What is written of amendments, whether a run read them or a person had one read again."""

from collections.abc import Sequence
from uuid import UUID

from trilha.application.ports import IdSource, TelemetryUnitOfWork
from trilha.application.telemetry.page_rows import quarantine
from trilha.domain.telemetry import (
    Amendment,
    AmendmentKind,
    AmendmentPage,
    MergeOutcome,
    RawPage,
    RecordsAmended,
    Standing,
    Stream,
    standings,
)

DAY = "%Y%m%d"


def raw_of(page: AmendmentPage) -> RawPage:
    """The answer as it came; what was asked begins with the feed."""
    asked_for = f"{page.stream} {page.first:{DAY}}-{page.last:{DAY}}"
    return RawPage(Stream.AMENDMENTS, asked_for, None, page.received_at, page.body)


def feed_amended(page: RawPage) -> Stream:
    """The feed that a page of `raw_of` is about."""
    return Stream(page.asked_for.partition(" ")[0])


async def amend(
    unit: TelemetryUnitOfWork, page_id: UUID, feed: Stream, amendments: Sequence[Amendment]
) -> MergeOutcome:
    """Fold amendments into what is known of their records, and tell so where that changes something."""
    known = await unit.amendments.known(feed, [one.record_id for one in amendments])
    changed = standings(known, amendments)
    await unit.amendments.save(changed)
    if changed:
        unit.record(_amended(page_id, feed, changed, amendments))
    return _outcome(known, changed, amendments)


def _amended(
    page_id: UUID, stream: Stream, changed: Sequence[Standing], amendments: Sequence[Amendment]
) -> RecordsAmended:
    records = {one.record_id for one in changed}
    kinds = {(one.record_id, one.kind) for one in amendments if one.record_id in records}
    counts = [kind for _, kind in kinds]
    return RecordsAmended(
        page_id=page_id,
        stream=stream,
        reassigned=counts.count(AmendmentKind.REASSIGNED),
        withdrawn=counts.count(AmendmentKind.WITHDRAWN),
    )


def _outcome(known: Sequence[Standing], changed: Sequence[Standing], amendments: Sequence[Amendment]) -> MergeOutcome:
    before = {one.record_id for one in known}
    replaced = sum(one.record_id in before for one in changed)
    return MergeOutcome(inserted=len(changed) - replaced, replaced=replaced, duplicates=len(amendments) - len(changed))


async def keep_amendments(unit: TelemetryUnitOfWork, page: AmendmentPage, ids: IdSource) -> MergeOutcome | None:
    """Keep a page and what it changes about records, those that come later included; None if it says nothing."""
    if not page.amendments and not page.rejected:
        return None
    page_id = ids.new()
    await unit.raw_pages.add(page_id, raw_of(page))
    await quarantine(unit, Stream.AMENDMENTS, page_id, page.received_at, page.rejected, ids)
    return await amend(unit, page_id, page.stream, page.amendments)
