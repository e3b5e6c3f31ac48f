"""One leader at a time, and another one as soon as it is gone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from trilha.adapters.embedded import EmbeddedPostgres, temporary_data_folder
from trilha.adapters.postgres import PostgresLeadership
from trilha.application.ports import StorageUnavailable


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with temporary_data_folder() as folder, EmbeddedPostgres(folder) as server:
        yield server.superuser_url


@asynccontextmanager
async def candidate(url: str, name: str) -> AsyncIterator[PostgresLeadership]:
    leadership = PostgresLeadership(url, name=name)
    try:
        yield leadership
    finally:
        await leadership.resign()


async def test_one_leads_and_the_other_waits(url: str) -> None:
    async with candidate(url, "one") as one, candidate(url, "two") as two:
        assert await one.leads("relay")
        assert await one.leads("relay"), "asking again changes nothing"
        assert not await two.leads("relay")
        assert await two.leads("scheduler"), "duties are apart"
        await one.resign()
        assert await two.leads("relay")
        assert not await one.leads("relay")


async def test_who_loses_its_session_leads_no_more(url: str) -> None:
    async with candidate(url, "cut off") as one, candidate(url, "next") as two:
        assert await one.leads("relay")
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'trilha cut off'"
            )
        assert await two.leads("relay")
        with pytest.raises(StorageUnavailable):
            await one.leads("relay")
        assert not await one.leads("relay")


async def test_an_unreachable_database_is_no_leadership() -> None:
    async with candidate("postgresql://nobody@127.0.0.1:1/none", "lost") as lost:
        with pytest.raises(StorageUnavailable):
            await lost.leads("relay")


async def test_duties_asked_for_at_the_same_time_share_one_session(url: str) -> None:
    async with candidate(url, "busy") as one, candidate(url, "idle") as two:
        duties = ["relay", "scheduler", "consumer"]
        assert await asyncio.gather(*map(one.leads, duties)) == [True] * 3
        with psycopg.connect(url) as other:
            sessions = "select count(*) from pg_stat_activity where application_name = 'trilha busy'"
            assert other.execute(sessions).fetchone() == (1,)
        await one.resign()
        assert await asyncio.gather(*map(two.leads, duties)) == [True] * 3


async def test_who_hangs_is_followed(url: str) -> None:
    """A process that stands still answers nobody, yet its connection lives on."""
    hung, other = PostgresLeadership(url, name="hung", patience_s=0.3), PostgresLeadership(url, name="awake")
    assert await hung.leads("relay")
    async with asyncio.timeout(20):
        while not await other.leads("relay"):  # noqa: ASYNC110 - another session ends, and says so to nobody
            await asyncio.sleep(0.05)
    with pytest.raises(StorageUnavailable):
        await hung.leads("relay")
    assert not await hung.leads("relay")
    await asyncio.gather(hung.resign(), other.resign())
