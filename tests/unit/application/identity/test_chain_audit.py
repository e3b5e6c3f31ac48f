"""The trail is chained behind the commands, by whoever comes first."""

import msgspec
import pytest

from tests.unit.application.identity.conftest import HERE, Town
from trilha.application.identity.chain_audit import BATCH, ChainAudit, VerifyAudit
from trilha.domain.identity import AuditBroken, AuditEntry


async def added(town: Town, count: int) -> None:
    async with town.units(HERE) as unit:
        for number in range(count):
            entry_id = town.ids.new()
            await unit.audit.add(
                AuditEntry(
                    id=entry_id,
                    organisation_id=HERE,
                    at=town.clock.now(),
                    actor="operator",
                    action="testing.happened",
                    subject=f"thing:{number}",
                )
            )
        await unit.commit()


async def test_more_than_a_batch_is_chained_and_verified(town: Town) -> None:
    chain, verify = ChainAudit(units=town.units), VerifyAudit(units=town.units)
    assert await verify(HERE) is None
    await added(town, BATCH + 3)
    assert await chain(HERE) == BATCH + 3
    assert await chain(HERE) == 0
    await added(town, 2)
    assert await chain(HERE) == 2
    last = await verify(HERE)
    assert last is not None
    assert last.sequence == BATCH + 5


async def test_a_changed_entry_shows(town: Town) -> None:
    await added(town, 5)
    await ChainAudit(units=town.units)(HERE)
    links = town.database.of(HERE).audit_links
    links[3] = msgspec.structs.replace(links[3], entry=msgspec.structs.replace(links[3].entry, actor="system"))
    with pytest.raises(AuditBroken, match="entry 3"):
        await VerifyAudit(units=town.units)(HERE)
