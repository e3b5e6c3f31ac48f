"""When a token is believed, and for how long a key signs."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import ELSEWHERE, HERE, NOW, member, secret, user
from trilha.domain.identity import (
    PERMISSIONS_OF,
    AccessClaims,
    MembershipStatus,
    RefreshToken,
    RevokedBecause,
    Role,
    RotationPolicy,
    SigningKey,
    TokenHeader,
    TokenPolicy,
    TokenRefused,
    begin_session,
    check_claims,
    check_header,
    check_standing,
    evolve_session,
    is_rotation_due,
    issue_claims,
    published_keys,
    revoke_session,
    signing_key,
)
from trilha.domain.kernel import InvalidValue

POLICY = TokenPolicy(issuer="https://trilha.example", audience="trilha")
MEMBER = member(1, Role.ANALYST)
SESSION = begin_session(RefreshToken(UUID(int=7), secret(1), secret(2)), HERE, user(1), NOW)
HEADER = TokenHeader(alg="EdDSA", kid="k1", typ="at+jwt")


def claims() -> AccessClaims:
    return issue_claims(SESSION, MEMBER, UUID(int=5), NOW, POLICY)


def refused(reason: str) -> object:
    return pytest.raises(TokenRefused, check=lambda error: error.reason == reason)


def test_a_token_says_who_where_and_as_what() -> None:
    said = claims()
    assert (said.sub, said.org, said.sid, said.role, said.mv) == (MEMBER.user_id, HERE, SESSION.id, Role.ANALYST, 1)
    assert said.permissions == PERMISSIONS_OF[Role.ANALYST]
    check_claims(said, NOW, POLICY)
    check_standing(said, MEMBER)
    assert msgspec.json.decode(msgspec.json.encode(said), type=AccessClaims) == said


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alg": "none"}, "wrong_algorithm"),
        ({"alg": "HS256"}, "wrong_algorithm"),
        ({"alg": "eddsa"}, "wrong_algorithm"),
        ({"alg": ""}, "wrong_algorithm"),
        ({"typ": "JWT"}, "wrong_type"),
        ({"typ": ""}, "wrong_type"),
        ({"kid": "deleted"}, "unknown_key"),
        ({"kid": ""}, "unknown_key"),
        ({"kid": "../../etc/passwd"}, "unknown_key"),
        ({"crit": ["b64"]}, "malformed"),
    ],
)
def test_a_header_is_compared_before_any_signature_is(changes: dict[str, object], reason: str) -> None:
    with refused(reason):
        check_header(msgspec.structs.replace(HEADER, **changes), {"k1", "k2"}, POLICY)


def test_a_right_header_names_its_key() -> None:
    assert check_header(HEADER, {"k1"}, POLICY) == "k1"
    assert check_header(msgspec.structs.replace(HEADER, typ="application/AT+JWT"), {"k1"}, POLICY) == "k1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://trilha.example/"}, "wrong_issuer"),
        ({"aud": "other"}, "wrong_audience"),
        ({"exp": 2**40}, "malformed"),
        ({"nbf": 2**40}, "malformed"),
        ({"iat": 0}, "malformed"),
    ],
)
def test_claims_of_others_are_not_believed(changes: dict[str, object], reason: str) -> None:
    with refused(reason):
        check_claims(msgspec.structs.replace(claims(), **changes), NOW, POLICY)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(-31, "not_yet_valid"), (-30, None), (0, None), (629, None), (630, "expired"), (10**6, "expired")],
)
def test_a_token_is_good_for_its_time_and_clocks_may_be_half_a_minute_apart(seconds: int, reason: str | None) -> None:
    now = NOW + timedelta(seconds=seconds)
    if reason is None:
        check_claims(claims(), now, POLICY)
    else:
        with refused(reason):
            check_claims(claims(), now, POLICY)


def test_a_changed_membership_ends_its_tokens() -> None:
    for standing in (
        msgspec.structs.replace(MEMBER, role=Role.SUPPORT, version=2),
        msgspec.structs.replace(MEMBER, version=2),
        member(3, Role.ANALYST),
        msgspec.structs.replace(MEMBER, organisation_id=ELSEWHERE),
    ):
        with refused("outdated"):
            check_standing(claims(), standing)
    for gone in (None, msgspec.structs.replace(MEMBER, status=MembershipStatus.DISABLED, version=2)):
        with refused("no_membership"):
            check_standing(claims(), gone)


def test_no_token_is_made_for_a_session_that_ended_or_is_anothers() -> None:
    dead = evolve_session(SESSION, revoke_session(SESSION, RevokedBecause.BY_ADMIN, NOW)[0])
    pending = member(1, Role.ANALYST, MembershipStatus.PENDING)
    for session, membership in ((dead, MEMBER), (SESSION, member(2, Role.ADMIN)), (SESSION, pending)):
        with refused("no_membership"):
            issue_claims(session, membership, UUID(int=5), NOW, POLICY)


@pytest.mark.parametrize("algorithm", ["none", "HS256", ""])
def test_no_policy_takes_a_shared_key_or_none(algorithm: str) -> None:
    with pytest.raises(InvalidValue):
        TokenPolicy(issuer="i", audience="a", algorithm=algorithm)


ROTATION = RotationPolicy()
KEYS = st.lists(
    st.builds(
        SigningKey,
        kid=st.uuids().map(str),
        made_at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=NOW.tzinfo)),  # noqa: DTZ001 - made aware
        revoked_at=st.none() | st.just(NOW),
    ),
    max_size=6,
)


def test_keys_follow_each_other_without_a_break() -> None:
    old = SigningKey("old", NOW - timedelta(days=30))
    new = SigningKey("new", NOW)
    steps = [
        (timedelta(0), "old", ["new", "old"]),
        (timedelta(minutes=59), "old", ["new", "old"]),
        (timedelta(hours=1), "new", ["new", "old"]),
        (timedelta(hours=2), "new", ["new"]),
    ]
    for after, signs, published in steps:
        chosen = signing_key([old, new], NOW + after, ROTATION)
        assert chosen is not None
        assert chosen.kid == signs
        assert [key.kid for key in published_keys([old, new], NOW + after, ROTATION)] == published


def test_a_revoked_key_neither_signs_nor_is_published() -> None:
    gone = SigningKey("gone", NOW - timedelta(days=1), revoked_at=NOW)
    assert signing_key([gone], NOW, ROTATION) is None
    assert published_keys([gone], NOW, ROTATION) == []
    assert is_rotation_due([gone], NOW, ROTATION)


def test_the_very_first_key_signs_at_once() -> None:
    first = SigningKey("first", NOW)
    assert signing_key([first], NOW, ROTATION) == first
    assert not is_rotation_due([first], NOW, ROTATION)
    assert is_rotation_due([first], NOW + timedelta(days=30) - timedelta(hours=1), ROTATION)


@given(KEYS, st.timedeltas(timedelta(0), timedelta(minutes=15)))
def test_whatever_was_signed_can_be_checked_until_it_expires(keys: list[SigningKey], later: timedelta) -> None:
    """Also where the clock of the verifier is a little ahead."""
    signs = signing_key(keys, NOW, ROTATION)
    if signs is None:
        assert all(key.revoked_at is not None for key in keys)
        return
    known = [key for key in keys if key.made_at <= NOW]
    if signs in known:
        assert signs in published_keys(known, NOW + later, ROTATION)
