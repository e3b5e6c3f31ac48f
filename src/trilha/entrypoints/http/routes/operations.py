"""For the machines that watch this one."""

from typing import Literal

import msgspec
from litestar.openapi import ResponseSpec

from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import shows
from trilha.entrypoints.http.metrics import exposition
from trilha.entrypoints.http.problems import MEDIA_TYPE, FieldError, Problem, Refusal
from trilha.entrypoints.http.readiness import failing
from trilha.entrypoints.http.statuses import RETRY_AFTER_S

METRICS_MEDIA_TYPE = "text/plain"


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["live", "ready"]
    version: str


@shows(
    "/health/live",
    "isLive",
    tag="operations",
    responses={200: ResponseSpec(Health, description="Live", generate_examples=False)},
)
async def is_live(request: Call) -> Answer:
    """Whether the process answers at all; if not, restart it."""
    return json(Health("live", request.parts.version))


@shows(
    "/health/ready",
    "isReady",
    tag="operations",
    responses={
        200: ResponseSpec(Health, description="Ready", generate_examples=False),
        503: ResponseSpec(
            Problem, media_type=MEDIA_TYPE, description="Something does not answer", generate_examples=False
        ),
    },
)
async def is_ready(request: Call) -> Answer:
    """Whether what requests need answers too; if not, send none yet."""
    missing = await failing(request.parts.probes)
    if missing:
        raise _not_ready(missing)
    return json(Health("ready", request.parts.version))


@shows(
    "/metrics",
    "getMetrics",
    tag="operations",
    responses={
        200: ResponseSpec(str, media_type=METRICS_MEDIA_TYPE, description="Prometheus text", generate_examples=False)
    },
)
async def get_metrics(request: Call) -> Answer:
    """Counts, durations and how the feed stands, in Prometheus' text format."""
    serving = request.serving
    await serving.feed.refresh()
    return Answer(
        exposition(serving.metrics, serving.feed, serving.hub.metrics),
        media_type=b"text/plain; version=0.0.4; charset=utf-8",
    )


def _not_ready(missing: list[str]) -> Refusal:
    return Refusal(
        503,
        "not_ready",
        f"not ready: {', '.join(missing)} did not answer in time; the log says why",
        errors=tuple(FieldError(message=f"{name} did not answer", code=f"not_ready.{name}") for name in missing),
        headers=(("Retry-After", str(RETRY_AFTER_S)),),
    )


ROUTES = (is_live, is_ready, get_metrics)
