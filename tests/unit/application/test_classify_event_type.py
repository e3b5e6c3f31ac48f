"""Saying what an event type means: the history tells it all, and nothing but changes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.application.conftest import ORGANISATION_ID, Installation, connected
from trilha.application.fleet.classify_event_type import ClassifyEventType, ClassifyEventTypeCommand
from trilha.application.fleet.queries import EventTypeView
from trilha.application.fleet.sync_master_data import SyncMasterDataCommand
from trilha.application.ports import IdempotencyScope
from trilha.domain.fleet import (
    Classification,
    ClassificationChange,
    EventType,
    EventTypeClassified,
    MasterList,
    classify,
)
from trilha.domain.kernel import EventTypeId, InvalidValue, NotFound

IGNITION_ON = EventType(EventTypeId(8242796377286834188), "Ignição ligada")
OURS, LATER = EventType(EventTypeId(-5), "Porta aberta"), EventType(EventTypeId(6), "Rampa")
SYNC = SyncMasterDataCommand(ORGANISATION_ID, kinds=("event_types",))
LIBRARY = MasterList((IGNITION_ON, OURS))


def history(here: Installation) -> Sequence[ClassificationChange]:
    return list(here.tables.classification_changes.values())


async def say(here: Installation, what: EventType, word: Classification | None, **more: Any) -> EventTypeView:
    change = ClassifyEventType(units=here.units, clock=here.clock, ids=here.ids)
    command = ClassifyEventTypeCommand(
        organisation_id=ORGANISATION_ID, event_type_id=what.id, classification=word, changed_by="operator"
    )
    return await change(msgspec.structs.replace(command, **more))


@pytest.fixture(autouse=True)
async def _a_library(here: Installation) -> None:
    here.fleet.event_types = LIBRARY
    await here.sync()(SYNC)


async def test_a_change_shows_and_is_remembered_and_told(here: Installation) -> None:
    view = await say(here, IGNITION_ON, Classification.SAFETY, reason="combinado com o RH")
    assert view.classification == "safety"
    (change,) = history(here)
    assert (change.before, change.after) == (Classification.NORMAL_OPERATION, Classification.SAFETY)
    assert (change.changed_by, change.reason, change.changed_at) == (
        "operator",
        "combinado com o RH",
        here.clock.now(),
    )
    assert here.told(EventTypeClassified) == [EventTypeClassified.of(change)]


async def test_null_goes_back_to_the_stock_table(here: Installation) -> None:
    await say(here, IGNITION_ON, Classification.SAFETY)
    assert (await say(here, IGNITION_ON, None)).classification == "normal_operation"
    assert here.tables.classifications == {}
    assert [change.after for change in history(here)] == [Classification.SAFETY, Classification.NORMAL_OPERATION]


@pytest.mark.parametrize("word", [None, Classification.NORMAL_OPERATION])
async def test_what_changes_nothing_leaves_no_trace(here: Installation, word: Classification | None) -> None:
    assert (await say(here, IGNITION_ON, word)).classification == "normal_operation"
    assert history(here) == here.told(EventTypeClassified) == []


async def test_the_organisations_word_is_kept_where_it_is_the_stock_tables_too(here: Installation) -> None:
    await say(here, IGNITION_ON, Classification.NORMAL_OPERATION)
    assert here.tables.classifications == {IGNITION_ON.id: Classification.NORMAL_OPERATION}


async def test_an_unknown_type_is_not_found(here: Installation) -> None:
    with pytest.raises(NotFound):
        await say(here, LATER, Classification.SAFETY)
    assert here.tables.classifications == {}


@pytest.mark.parametrize("reason", ["", "x" * 501, "a\0b"])
async def test_a_reason_that_cannot_be_kept_is_refused(here: Installation, reason: str) -> None:
    with pytest.raises(InvalidValue, match="reason"):
        await say(here, OURS, Classification.SAFETY, reason=reason)


async def test_the_same_request_again_gets_the_first_answer(here: Installation) -> None:
    scope = IdempotencyScope(ORGANISATION_ID, "token", "PATCH", "once", "digest")
    first = await say(here, OURS, Classification.SAFETY, scope=scope)
    await say(here, OURS, Classification.DIAGNOSTICS)
    assert await say(here, OURS, Classification.SAFETY, scope=scope) == first
    assert here.tables.classifications == {OURS.id: Classification.DIAGNOSTICS}


_steps = st.lists(
    st.tuples(st.sampled_from([IGNITION_ON, OURS]), st.none() | st.sampled_from(Classification))
    | st.sampled_from([(), (IGNITION_ON,), (OURS, LATER), (IGNITION_ON, OURS, LATER)]),
    max_size=12,
)


@given(steps=_steps)
async def test_whatever_is_said_and_synced_the_rule_holds_and_the_history_is_a_chain(steps: list[tuple]) -> None:
    here = await connected()
    here.fleet.event_types = LIBRARY
    await here.sync()(SYNC)
    shown = {one.id: classify(one.id) for one in LIBRARY.records}
    words = dict[EventTypeId, Classification]()
    for step in steps:
        here.clock.advance(timedelta(minutes=1))
        if len(step) == 2 and not isinstance(step[1], EventType):
            what, word = step
            await say(here, what, word)
            words = {key: old for key, old in words.items() if key != what.id} | ({what.id: word} if word else {})
        else:
            here.fleet.event_types = MasterList(step)
            await here.sync()(msgspec.structs.replace(SYNC, allow_empty=True))
            shown |= {one.id: classify(one.id) for one in step if one.id not in shown}
        kept = here.tables.master["event_types"]
        assert {key: one.classification for key, one in kept.items()} == {key: classify(key, words) for key in shown}
    for key, now in ((key, classify(key, words)) for key in shown):
        changes = [change for change in history(here) if change.event_type_id == key]
        chain = [classify(key), *(change.after for change in changes)]
        assert [change.before for change in changes] == chain[:-1]
        assert chain[-1] is now
    assert [EventTypeClassified.of(change) for change in history(here)] == here.told(EventTypeClassified)
