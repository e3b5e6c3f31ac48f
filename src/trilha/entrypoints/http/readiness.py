"""Whether what requests need is there: each probe asked at once, none waited for longer than its deadline."""

import asyncio
from collections.abc import Mapping

import structlog

from trilha.entrypoints.http.parts import Probe

DEADLINE_S = 2.0
_log = structlog.stdlib.get_logger("trilha.http")


async def failing(probes: Mapping[str, Probe], deadline_s: float = DEADLINE_S) -> list[str]:
    """The names of what does not answer. The log has the reasons: they may name hosts that are nobody's business."""
    names = list(probes)
    answers = await asyncio.gather(*(_asked(name, probes[name], deadline_s) for name in names))
    return [name for name, answers_well in zip(names, answers, strict=True) if not answers_well]


async def _asked(name: str, probe: Probe, deadline_s: float) -> bool:
    try:
        async with asyncio.timeout(deadline_s):
            await probe()
    except Exception as error:  # noqa: BLE001 - whatever a probe raises means not ready
        _log.warning("health.probe_failed", probe=name, error=type(error).__name__, detail=str(error)[:200])
        return False
    return True
