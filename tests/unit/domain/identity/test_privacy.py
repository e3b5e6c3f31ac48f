"""What people agree to and ask for, and the trail of what was done."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import ELSEWHERE, HERE, NOW, user
from trilha.domain.identity import (
    AuditBroken,
    AuditEntry,
    AuditLink,
    CompleteRequest,
    ConsentEntry,
    DataRequest,
    RefusalReason,
    RefuseRequest,
    RequestCommand,
    RequestKind,
    RequestSettled,
    RequestStatus,
    TakeOnRequest,
    WithdrawRequest,
    chain_entries,
    decide_consent,
    decide_request,
    evolve_request,
    has_consented,
    receive_request,
    standing_consent,
    verify_chain,
)
from trilha.domain.kernel import Conflict, InvalidValue, UserId

OFFICER = UserId(UUID(int=99))
ME = user().id


def answer(number: int, version: int, *, given: bool, purpose: str = "marketing.email") -> ConsentEntry:
    return ConsentEntry(id=UUID(int=number), user_id=ME, purpose=purpose, text_version=version, given=given, at=NOW)


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.sampled_from(["a", "b"])), max_size=20))
def test_the_last_answer_counts_and_nothing_is_written_over(answers: list[tuple[int, bool, str]]) -> None:
    entries: list[ConsentEntry] = []
    for number, (version, agrees, purpose) in enumerate(answers):
        wanted = answer(number, version, given=agrees, purpose=purpose)
        before = list(entries)
        try:
            entries += decide_consent(entries, wanted)
        except Conflict:
            continue
        assert entries[: len(before)] == before
        last = standing_consent(entries, purpose)
        assert last is not None
        assert last.given is agrees
        assert has_consented(entries, purpose, version) is agrees
        assert decide_consent(entries, wanted) == ()


def test_an_old_yes_is_none_to_a_new_text() -> None:
    entries = [answer(1, 1, given=True)]
    assert has_consented(entries, "marketing.email", 1)
    assert not has_consented(entries, "marketing.email", 2)
    assert not has_consented(entries, "other", 1)
    with pytest.raises(Conflict):
        decide_consent([answer(1, 2, given=True)], answer(2, 1, given=True))
    with pytest.raises(Conflict):
        decide_consent([], answer(1, 1, given=False))


@pytest.mark.parametrize("purpose", ["", "two words", "a..b", "x" * 61, "maria@exemplo.com"])
def test_a_purpose_is_a_name(purpose: str) -> None:
    with pytest.raises(InvalidValue):
        answer(1, 1, given=True, purpose=purpose)
    with pytest.raises(InvalidValue):
        answer(1, 0, given=True)


def a_request(kind: RequestKind = RequestKind.ACCESS) -> DataRequest:
    return receive_request(UUID(int=4), HERE, ME, kind, NOW)


def after(request: DataRequest, command: RequestCommand) -> DataRequest:
    for event in decide_request(request, command, NOW):
        request = evolve_request(request, event)
    return request


@pytest.mark.parametrize("kind", RequestKind)
def test_every_request_is_due_within_fifteen_days(kind: RequestKind) -> None:
    request = a_request(kind)
    assert request.due_at - request.received_at == timedelta(days=15)
    assert not request.is_pressing(NOW + timedelta(days=9))
    assert request.is_pressing(NOW + timedelta(days=10))
    assert not request.is_overdue(request.due_at)
    assert request.is_overdue(request.due_at + timedelta(microseconds=1))


def test_an_answer_in_time_is_never_overdue() -> None:
    done = after(a_request(), CompleteRequest(OFFICER))
    assert not done.is_overdue(NOW + timedelta(days=400))
    assert not done.is_pressing(NOW + timedelta(days=400))


def test_a_request_is_taken_on_and_answered_once() -> None:
    taken = after(a_request(), TakeOnRequest(OFFICER))
    assert (taken.status, taken.handled_by, taken.settled_at) == (RequestStatus.IN_PROGRESS, OFFICER, None)
    refused = after(taken, RefuseRequest(OFFICER, RefusalReason.LEGAL_OBLIGATION))
    assert (refused.status, refused.refused_because) == (RequestStatus.REFUSED, RefusalReason.LEGAL_OBLIGATION)
    assert after(refused, RefuseRequest(OFFICER, RefusalReason.LEGAL_OBLIGATION)) == refused
    for late in (CompleteRequest(OFFICER), TakeOnRequest(OFFICER), RefuseRequest(OFFICER, RefusalReason.NO_DATA)):
        with pytest.raises(RequestSettled):
            decide_request(refused, late, NOW)


def test_only_who_asked_withdraws() -> None:
    with pytest.raises(InvalidValue):
        decide_request(a_request(), WithdrawRequest(OFFICER), NOW)
    withdrawn = after(after(a_request(), TakeOnRequest(OFFICER)), WithdrawRequest(ME))
    assert (withdrawn.status, withdrawn.handled_by) == (RequestStatus.WITHDRAWN, OFFICER)


COMMANDS = st.sampled_from(
    [
        TakeOnRequest(OFFICER),
        CompleteRequest(OFFICER),
        WithdrawRequest(ME),
        *(RefuseRequest(OFFICER, reason) for reason in RefusalReason),
    ]
)


@given(st.lists(COMMANDS, max_size=10))
def test_an_end_is_an_end(commands: list[RequestCommand]) -> None:
    request = a_request()
    for command in commands:
        before = request
        try:
            request = after(request, command)
        except RequestSettled:
            assert not before.is_open
        if not before.is_open:
            assert request == before
        assert request.is_open == (request.settled_at is None)
        assert (request.refused_because is not None) == (request.status is RequestStatus.REFUSED)


def entry(number: int, action: str = "identity.role_given") -> AuditEntry:
    return AuditEntry(
        id=UUID(int=number),
        organisation_id=HERE,
        at=NOW + timedelta(seconds=number),
        actor=f"user:{ME}",
        action=action,
        subject=f"membership:{number}",
        details=(("role", "analyst"),),
    )


def links(count: int) -> list[AuditLink]:
    return list(chain_entries(None, [entry(number) for number in range(count)]))


@given(st.integers(0, 12), st.integers(0, 12))
def test_a_chain_holds_however_it_is_cut_into_batches(first: int, second: int) -> None:
    one = links(first)
    two = list(chain_entries(one[-1] if one else None, [entry(number) for number in range(first, first + second)]))
    assert one + two == links(first + second)
    whole = one + two
    assert verify_chain(whole) == (whole[-1] if whole else None)
    assert verify_chain(two, after=one[-1] if one else None) == (whole[-1] if whole else None)


@given(st.integers(2, 10), st.data())
def test_whatever_is_changed_cut_or_moved_shows(count: int, data: st.DataObject) -> None:
    whole = links(count)
    place = data.draw(st.integers(0, count - 2))
    link = whole[place]
    forgery = data.draw(
        st.sampled_from(
            [
                [*whole[:place], *whole[place + 1 :]],
                [*whole[:place], whole[place + 1], link, *whole[place + 2 :]],
                [*whole[:place], link, link, *whole[place + 1 :]],
                [*whole[:place], msgspec.structs.replace(link, sequence=99), *whole[place + 1 :]],
                *(
                    [*whole[:place], msgspec.structs.replace(link, entry=changed), *whole[place + 1 :]]
                    for changed in (
                        msgspec.structs.replace(link.entry, actor="operator"),
                        msgspec.structs.replace(link.entry, action="identity.other"),
                        msgspec.structs.replace(link.entry, at=NOW - timedelta(days=1)),
                        msgspec.structs.replace(link.entry, details=()),
                        msgspec.structs.replace(link.entry, organisation_id=ELSEWHERE),
                    )
                ),
            ]
        )
    )
    with pytest.raises(AuditBroken) as caught:
        verify_chain(forgery)
    assert place + 1 <= caught.value.sequence <= place + 2


def test_organisations_have_chains_of_their_own() -> None:
    stranger = msgspec.structs.replace(entry(3), organisation_id=ELSEWHERE)
    with pytest.raises(InvalidValue):
        list(chain_entries(None, [entry(1), stranger]))
    with pytest.raises(InvalidValue):
        list(chain_entries(links(2)[-1], [stranger]))


def test_the_hash_of_an_entry_is_frozen() -> None:
    """Trails that were chained by an earlier version have to verify."""
    assert links(2)[1].hash.hex() == "551caba6b056645c8878ad80380bc32322a9e456ae8f0e5d1500d1a94b8c99ac"


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": "maria@exemplo.com"},
        {"subject": "Maria Souza"},
        {"details": (("name", "Maria Souza"),)},
        {"details": (("a b", "c"),)},
        {"details": (("n", "1"),) * 21},
        {"action": "did something"},
    ],
)
def test_no_address_and_no_name_gets_into_the_trail(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as caught:
        msgspec.structs.replace(entry(1), **changes)
    assert "Maria" not in str(caught.value)
