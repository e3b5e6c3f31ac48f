"""The contract of SingleUse."""

import asyncio

from trilha.application.ports import SingleUse
from trilha.testing.contracts.fresh import new_id


class SingleUseContract:
    """Needs the fixture `single_use`."""

    async def test_a_key_counts_once(self, single_use: SingleUse) -> None:
        key, other = new_id().hex, new_id().hex
        assert await single_use.spend(key)
        assert not await single_use.spend(key)
        assert await single_use.spend(other)

    async def test_of_many_at_once_one_is_first(self, single_use: SingleUse) -> None:
        key = new_id().hex
        spent = await asyncio.gather(*(single_use.spend(key) for _ in range(8)))
        assert sorted(spent) == [False] * 7 + [True]
