"""One live token in each family; a former one ends it; what has ended never lives again."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.domain.identity.made import HERE, NOW, secret, user
from trilha.domain.identity import (
    RefreshToken,
    RevokedBecause,
    Secret,
    Session,
    SessionEnded,
    SessionPolicy,
    SessionRefreshed,
    SessionRevoked,
    begin_session,
    closed,
    decide_refresh,
    ends_at,
    evolve_session,
    format_refresh_token,
    parse_refresh_token,
    revoke_session,
    signed_out,
    why_ended,
    with_password,
)
from trilha.domain.kernel import InvalidValue

POLICY = SessionPolicy(idle=timedelta(days=14), absolute=timedelta(days=90))
FIRST = RefreshToken(UUID(int=7), secret(1), secret(2))


def begun() -> Session:
    return begin_session(FIRST, HERE, user(), NOW, "Firefox\0 on Linux" + "x" * 500)


def next_token(token: RefreshToken, following: Secret) -> RefreshToken:
    return msgspec.structs.replace(token, generation=following)


def test_a_token_is_changed_for_the_next() -> None:
    session = begun()
    event = decide_refresh(session, user(), FIRST, secret(3), NOW + timedelta(days=1), POLICY)
    session = evolve_session(session, event)
    assert (session.generation, session.version) == (2, 2)
    assert session.refreshed_at == NOW + timedelta(days=1)
    assert isinstance(
        decide_refresh(session, user(), next_token(FIRST, secret(3)), secret(4), NOW, POLICY), SessionRefreshed
    )


def test_a_former_token_revokes_its_family() -> None:
    session = evolve_session(begun(), decide_refresh(begun(), user(), FIRST, secret(3), NOW, POLICY))
    event = decide_refresh(session, user(), FIRST, secret(4), NOW, POLICY)
    assert event == SessionRevoked(RevokedBecause.REUSED, NOW)
    dead = evolve_session(session, event)
    with pytest.raises(SessionEnded, match="reused"):
        decide_refresh(dead, user(), next_token(FIRST, secret(3)), secret(4), NOW, POLICY)


@pytest.mark.parametrize(
    "forged",
    [
        msgspec.structs.replace(FIRST, family=secret(9)),
        msgspec.structs.replace(FIRST, family=secret(9), generation=secret(9)),
        msgspec.structs.replace(FIRST, session_id=UUID(int=8)),
    ],
)
def test_who_knows_only_the_id_can_neither_refresh_nor_revoke(forged: RefreshToken) -> None:
    with pytest.raises(SessionEnded, match="unknown"):
        decide_refresh(begun(), user(), forged, secret(3), NOW, POLICY)


@pytest.mark.parametrize(
    ("after", "alive"),
    [
        (timedelta(days=13, hours=23), True),
        (timedelta(days=14), False),
        (timedelta(days=-1), True),  # the clock of another replica was ahead
    ],
)
def test_idle_sessions_end(after: timedelta, alive: bool) -> None:
    assert (why_ended(begun(), user(), NOW + after, POLICY) is None) is alive


def test_no_session_lives_for_ever() -> None:
    session, token, now = begun(), FIRST, NOW
    for number in range(10, 100):
        now += timedelta(days=10)
        try:
            session = evolve_session(session, decide_refresh(session, user(), token, secret(number), now, POLICY))
        except SessionEnded as ended:
            assert ended.reason == "expired"  # noqa: PT017 - until then each refresh is right
            break
        token = next_token(token, secret(number))
    assert now == NOW + timedelta(days=90) == ends_at(session, POLICY)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (closed(user(), NOW), "closed"),
        (signed_out(user()), "signed_out"),
        (with_password(user(), "$hash"), "signed_out"),
        (user(2), "closed"),
    ],
)
def test_what_happens_to_the_account_ends_its_sessions(after: object, why: str) -> None:
    with pytest.raises(SessionEnded, match=why):
        decide_refresh(begun(), after, FIRST, secret(3), NOW, POLICY)


def test_a_session_begun_afterwards_lives() -> None:
    again = with_password(user(), "$hash")
    session = begin_session(FIRST, HERE, again, NOW)
    assert why_ended(session, again, NOW, POLICY) is None


def test_revoking_twice_is_once() -> None:
    session = evolve_session(begun(), revoke_session(begun(), RevokedBecause.BY_ADMIN, NOW)[0])
    assert revoke_session(session, RevokedBecause.SIGNED_OUT, NOW) == ()
    assert session.revoked_because is RevokedBecause.BY_ADMIN


def test_the_same_secret_is_no_next_one() -> None:
    with pytest.raises(InvalidValue):
        decide_refresh(begun(), user(), FIRST, FIRST.generation, NOW, POLICY)


def test_a_policy_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidValue):
        SessionPolicy(idle=timedelta(days=2), absolute=timedelta(days=1))


def test_what_a_client_says_of_itself_is_cut() -> None:
    assert len(begun().device) <= 200
    assert "\0" not in begun().device


@given(st.uuids(), st.binary(min_size=16, max_size=64), st.binary(min_size=16, max_size=64))
def test_the_text_of_a_token_reads_back(session_id: UUID, family: bytes, generation: bytes) -> None:
    token = RefreshToken(session_id, Secret(family), Secret(generation))
    assert parse_refresh_token(format_refresh_token(token)) == token


@given(st.text(max_size=300) | st.text("tr_0123456789abcdef.-A", max_size=300).map("trr_".__add__))
def test_what_is_no_token_is_refused_as_an_unknown_one(text: str) -> None:
    try:
        token = parse_refresh_token(text)
    except SessionEnded as ended:
        assert ended.reason == "unknown"  # noqa: PT017 - either outcome is right
    else:
        assert format_refresh_token(token).partition(".")[2] == text.partition(".")[2]


def test_no_token_is_printed() -> None:
    assert repr(FIRST) == "RefreshToken(...)"
    assert repr(FIRST.family) == "Secret(...)"


class RefreshFamilies(RuleBasedStateMachine):
    """Several holders of copies refresh in any order, under clocks that jump; the model is the list of tokens given."""

    @initialize()
    def sign_in(self) -> None:
        self.user = user()
        self.now = NOW
        self.session = begun()
        self.given = [FIRST]
        self.dead = False
        self.count = 100

    @rule(by=st.timedeltas(timedelta(days=-2), timedelta(days=6)))
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(back=st.integers(0, 3))
    def refresh(self, back: int) -> None:
        """With the live token or one of the last few before it."""
        token = self.given[-1 - min(back, len(self.given) - 1)]
        self.count += 1
        following = secret(self.count)
        ended = why_ended(self.session, self.user, self.now, POLICY)
        try:
            event = decide_refresh(self.session, self.user, token, following, self.now, POLICY)
        except SessionEnded:
            assert ended is not None
            return
        assert not self.dead
        before = self.session
        self.session = evolve_session(self.session, event)
        assert self.session.version == before.version + 1
        if isinstance(event, SessionRefreshed):
            assert token is self.given[-1]
            assert ended is None
            self.given.append(next_token(token, following))
        else:
            assert token is not self.given[-1]
            self.dead = True

    @rule()
    def present_a_forged_one(self) -> None:
        forged = RefreshToken(self.session.id, secret(10_000), self.given[-1].generation)
        with pytest.raises(SessionEnded):
            decide_refresh(self.session, self.user, forged, secret(10_001), self.now, POLICY)

    @rule(because=st.sampled_from(RevokedBecause))
    @precondition(lambda self: len(self.given) > 4)
    def revoke(self, because: RevokedBecause) -> None:
        for event in revoke_session(self.session, because, self.now):
            self.session = evolve_session(self.session, event)
        self.dead = True

    @rule()
    @precondition(lambda self: len(self.given) > 4)
    def sign_out_everywhere(self) -> None:
        self.user = signed_out(self.user)

    @invariant()
    def at_most_one_token_is_live(self) -> None:
        live = 0
        for token in self.given:
            try:
                event = decide_refresh(self.session, self.user, token, secret(20_000), self.now, POLICY)
            except SessionEnded:
                continue
            live += isinstance(event, SessionRefreshed)
        assert live <= 1
        assert not (self.dead and live)

    @invariant()
    def what_is_revoked_stays_revoked(self) -> None:
        assert (self.session.revoked_at is not None) == self.dead
        if self.dead or self.session.epoch != self.user.session_epoch:
            for days in (-400, 0, 400):
                assert why_ended(self.session, self.user, self.now + timedelta(days=days), POLICY) is not None

    @invariant()
    def no_time_makes_it_live_longer_than_the_longest(self) -> None:
        assert ends_at(self.session, POLICY) <= NOW + POLICY.absolute


TestRefreshFamilies = RefreshFamilies.TestCase
