"""The reader of kept pages, as the platform finds it."""

from datetime import UTC, datetime

import pytest

from trilha.adapters.mix import MixPages
from trilha.domain.telemetry import Stream
from trilha.entrypoints.container.sources import reader_named
from trilha.entrypoints.settings import BadSettings


def test_the_reader_is_found_by_the_name_of_its_source_and_needs_no_settings():
    reader = reader_named("mix")
    assert isinstance(reader, MixPages)
    assert not reader.understand(Stream.TRIPS, b"[]", datetime(2026, 3, 10, tzinfo=UTC)).records


def test_a_name_that_nobody_registered_is_told_with_those_there_are():
    with pytest.raises(BadSettings, match=r"'mixx'.*there are: mix"):
        reader_named("mixx")
