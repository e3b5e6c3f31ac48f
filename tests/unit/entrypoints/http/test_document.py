"""The contract that is published is the one that the code keeps."""

from pathlib import Path
from typing import get_args

import msgspec

from trilha.application.schedule import SYNCED
from trilha.entrypoints.http import render_openapi
from trilha.entrypoints.http.routes.etl import JobName, SyncRequest

PUBLISHED = Path(__file__).parents[4] / "docs" / "openapi.json"


def test_the_published_document_is_up_to_date() -> None:
    assert PUBLISHED.read_bytes() == render_openapi(), "run `make docs`"


def test_every_operation_says_what_it_is_and_what_may_go_wrong() -> None:
    document = msgspec.json.decode(render_openapi())
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["operationId"]
            assert operation["summary"]
            assert "400" in operation["responses"]
            guarded = path.startswith("/v1")
            assert operation["security"] == ([{"token": []}] if guarded else [{}])
            assert ("401" in operation["responses"]) == guarded


def test_a_sync_can_ask_for_every_job_and_asks_for_all_by_default() -> None:
    assert set(get_args(JobName)) == set(SYNCED)
    assert SyncRequest().kinds == SYNCED
