"""A platform behind a real HTTP server, and a client that asks it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.e2e.http.world import TOKEN, free_port
from tests.e2e.platforms import Platform
from trilha.entrypoints.http import create_app, serve


@asynccontextmanager
async def served(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    serving = asyncio.create_task(serve(lambda: create_app(platform.http), "127.0.0.1", port, signals=False))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
            await until_live(client)
            yield client
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def until_live(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                (await client.get("/health/live")).raise_for_status()
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


async def everything(api: httpx.AsyncClient, path: str, limit: int = 97, **query: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    items: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {"limit": limit, **query}
    while True:
        answer = await api.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        parameters["cursor"] = page["next_cursor"]


async def of_all(api: httpx.AsyncClient, vehicles: set[str], what: str) -> list[dict[str, Any]]:
    """A vehicle that the fleet does not know has no list where it has no records either."""
    records: list[dict[str, Any]] = []
    for vehicle in vehicles:
        path = f"/v1/vehicles/{vehicle}/{what}"
        if (await api.get(path)).status_code != 404:
            records += await everything(api, path)
    return records
