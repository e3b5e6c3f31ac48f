"""Somebody shows who he is by address and password, and by a code where one is asked for."""

from collections.abc import Sequence

import msgspec

from trilha.application.identity.begin_session import BeginSession
from trilha.application.identity.second_step import SecondStep
from trilha.application.identity.throttled import Throttled
from trilha.application.identity.tokens import Tokens
from trilha.domain.identity import (
    Directory,
    EmailRefused,
    Membership,
    MembershipStatus,
    PasswordHasher,
    PasswordRefused,
    SignInRefused,
    ThrottleKind,
    User,
    Users,
    parse_email,
    prepare_password,
    rehashed,
)
from trilha.domain.kernel import Conflict, OrganisationId


class SignInCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What came in, not looked at yet; `address` is the machine's. Nothing prints it.

    Where no organisation is named, it is the one that the user has belonged to for the longest.
    """

    email: str
    password: str
    address: str
    organisation_id: OrganisationId | None = None
    code: str | None = None
    device: str = ""

    def __repr__(self) -> str:
        """Nothing of it."""
        return "SignInCommand(...)"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Nothing of it, for consoles that draw objects by their members."""
        return []


class SignIn:
    """Whatever is wrong with address, password or account: the answer is the same, and takes as long."""

    def __init__(
        self,
        *,
        users: Users,
        directory: Directory,
        hasher: PasswordHasher,
        throttled: Throttled,
        second_step: SecondStep,
        begin: BeginSession,
    ) -> None:
        self._users = users
        self._directory = directory
        self._hasher = hasher
        self._throttled = throttled
        self._second_step = second_step
        self._begin = begin

    async def __call__(self, command: SignInCommand) -> Tokens:
        """Raises SignInRefused, TooManyAttempts, and what SecondStep raises once the password was right."""
        account = _account(command.email)
        await self._throttled.count(ThrottleKind.ADDRESS, command.address)
        await self._throttled.count(ThrottleKind.ACCOUNT, account)
        user = await self._proven(account, command.password)
        membership = _chosen(await self._directory.memberships_of(user.id), command.organisation_id)
        await self._second_step(membership, command.code)
        # only now: half a proof gives no attempts back
        await self._throttled.forgive(ThrottleKind.ADDRESS, command.address)
        await self._throttled.forgive(ThrottleKind.ACCOUNT, account)
        return await self._begin(user, membership.organisation_id, command.device)

    async def _proven(self, account: str, password: str) -> User:
        try:
            prepared = prepare_password(password)
        except PasswordRefused:
            raise SignInRefused from None
        user = await self._users.with_email(account)
        kept = None if user is None else user.password_hash
        right = await self._hasher.verify(prepared, kept)
        if user is None or kept is None or not (right and user.can_sign_in):
            raise SignInRefused
        return await self._up_to_date(user, kept, prepared)

    async def _up_to_date(self, user: User, kept: str, prepared: bytes) -> User:
        if not self._hasher.is_outdated(kept):
            return user
        better = rehashed(user, await self._hasher.hash(prepared))
        try:
            await self._users.save(better)
        except Conflict:
            # somebody changes the account just now: the next sign-in does it
            return user
        return better


def _account(email: str) -> str:
    """What attempts are counted by; an address that nobody can have is counted like any other."""
    try:
        return parse_email(email).key
    except EmailRefused:
        return email.casefold()


def _chosen(memberships: Sequence[Membership], wanted: OrganisationId | None) -> Membership:
    active = [one for one in memberships if one.status is MembershipStatus.ACTIVE]
    chosen = next((one for one in active if wanted in {None, one.organisation_id}), None)
    if chosen is None:
        raise SignInRefused
    return chosen
