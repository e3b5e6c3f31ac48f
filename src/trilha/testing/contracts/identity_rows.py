"""The contracts of what people are and do in an organisation, and of the Directory that finds it without one."""

import secrets
from datetime import timedelta

import msgspec
import pytest

from trilha.application.ports import IdentityUnitOfWork, UnitsOfWork
from trilha.domain.identity import (
    ApiKey,
    ConsentEntry,
    DataRequest,
    Directory,
    Invitation,
    Membership,
    MembershipChanged,
    MembershipStatus,
    Permission,
    RefreshToken,
    RequestKind,
    RequestMoved,
    RequestStatus,
    RevokedBecause,
    Role,
    Session,
    SessionRefreshed,
    SessionRevoked,
    Users,
    begin_session,
    evolve_membership,
    evolve_request,
    evolve_session,
    hash_secret,
    receive_request,
    revoke_key,
    withdraw_invitation,
)
from trilha.domain.kernel import Conflict, DriverId, OrganisationId, UserId
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.contracts.identity_people import a_kept_user, a_secret

Units = UnitsOfWork[IdentityUnitOfWork]
Kept = Membership | Session | Invitation | ApiKey | DataRequest
MINUTE = timedelta(minutes=1)


async def a_membership(
    users: Users, organisation_id: OrganisationId, role: Role = Role.DRIVER, user_id: UserId | None = None
) -> Membership:
    """An active one, not yet kept."""
    return Membership(
        id=new_id(),
        organisation_id=organisation_id,
        user_id=(await a_kept_user(users)).id if user_id is None else user_id,
        role=role,
        status=MembershipStatus.ACTIVE,
        since=NOON,
        driver_id=DriverId(-(2**63)) if role is Role.DRIVER else None,
    )


async def a_session(users: Users, organisation_id: OrganisationId) -> Session:
    """A new one, not yet kept."""
    token = RefreshToken(new_id(), a_secret(), a_secret())
    return begin_session(token, organisation_id, await a_kept_user(users), NOON, "Firefox 🦊 'x'")


async def an_invitation(users: Users, organisation_id: OrganisationId) -> Invitation:
    """An open one, not yet kept."""
    invited = await a_kept_user(users)
    return Invitation(
        id=new_id(),
        organisation_id=organisation_id,
        email=invited.email,
        role=Role.DRIVER,
        invited_by=invited.id,
        secret_hash=hash_secret(a_secret()),
        invited_at=NOON,
        expires_at=NOON + timedelta(days=7),
        driver_id=DriverId(2**63 - 1),
    )


async def an_api_key(users: Users, organisation_id: OrganisationId) -> ApiKey:
    """A new one, not yet kept."""
    return ApiKey(
        id=new_id(),
        organisation_id=organisation_id,
        name="Parceiro 'ç'",
        prefix=secrets.token_hex(6),
        secret_hash=hash_secret(a_secret()),
        scopes=frozenset({Permission.FLEET_READ, Permission.TELEMETRY_READ}),
        created_by=(await a_kept_user(users)).id,
        created_at=NOON,
        expires_at=NOON + timedelta(days=30),
    )


async def a_data_request(users: Users, organisation_id: OrganisationId) -> DataRequest:
    """A new one, not yet kept."""
    return receive_request(new_id(), organisation_id, (await a_kept_user(users)).id, RequestKind.PORT, NOON)


async def keep(units: Units, row: Kept) -> None:
    """Save a row in a unit of its own."""
    async with units(row.organisation_id) as unit:
        await _save(unit, row)
        await unit.commit()


async def find(units: Units, row: Kept) -> Kept | None:
    """The row of that id."""
    async with units(row.organisation_id) as unit:
        return await _get(unit, row)


async def _save(unit: IdentityUnitOfWork, row: Kept) -> None:
    match row:
        case Membership():
            await unit.memberships.save(row)
        case Session():
            await unit.sessions.save(row)
        case Invitation():
            await unit.invitations.save(row)
        case ApiKey():
            await unit.api_keys.save(row)
        case DataRequest():
            await unit.data_requests.save(row)


async def _get(unit: IdentityUnitOfWork, row: Kept) -> Kept | None:
    match row:
        case Membership():
            return await unit.memberships.get(row.id)
        case Session():
            return await unit.sessions.get(row.id)
        case Invitation():
            return await unit.invitations.get(row.id)
        case ApiKey():
            return await unit.api_keys.get(row.id)
        case DataRequest():
            return await unit.data_requests.get(row.id)


def followed(row: Kept) -> Kept:
    """Its next version."""
    match row:
        case Membership():
            return evolve_membership(row, MembershipChanged(Role.ANALYST, MembershipStatus.DISABLED))
        case Session():
            return evolve_session(row, SessionRefreshed(hash_secret(a_secret()), NOON + MINUTE))
        case Invitation():
            return withdraw_invitation(row, NOON + MINUTE)
        case ApiKey():
            return revoke_key(row, NOON + MINUTE)
        case DataRequest():
            return evolve_request(row, RequestMoved(RequestStatus.COMPLETED, row.user_id, NOON + MINUTE))


MAKERS = [a_membership, a_session, an_invitation, an_api_key, a_data_request]


class IdentityRowsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `users` and `units`."""

    @pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
    async def row(self, request: pytest.FixtureRequest, users: Users, organisation_id: OrganisationId) -> Kept:
        """One of each kind."""
        made: Kept = await request.param(users, organisation_id)
        return made

    async def test_a_row_comes_back_exactly_and_follows_its_version(self, units: Units, row: Kept) -> None:
        await keep(units, row)
        assert await find(units, row) == row
        following = followed(row)
        await keep(units, following)
        assert await find(units, row) == following

    async def test_another_organisation_has_no_such_row(
        self, units: Units, row: Kept, new_organisation: NewOrganisation
    ) -> None:
        await keep(units, row)
        async with units(await new_organisation()) as unit:
            assert await _get(unit, row) is None

    async def test_what_is_not_committed_was_never_there(self, units: Units, row: Kept) -> None:
        async with units(row.organisation_id) as unit:
            await _save(unit, row)
            assert await _get(unit, row) == row
        assert await find(units, row) is None

    async def test_only_the_next_version_is_saved(self, units: Units, row: Kept) -> None:
        with pytest.raises(Conflict):
            await keep(units, followed(row))
        await keep(units, row)
        with pytest.raises(Conflict):
            await keep(units, row)
        following = followed(row)
        await keep(units, following)
        with pytest.raises(Conflict):
            await keep(units, following)

    async def test_of_two_that_change_the_same_row_one_wins(self, units: Units, row: Kept) -> None:
        await keep(units, row)
        first, second = followed(row), followed(row)
        async with units(row.organisation_id) as slower:
            assert await _get(slower, row) == row
            await keep(units, first)
            with pytest.raises(Conflict):  # noqa: PT012 - at once or with the commit
                await _save(slower, second)
                await slower.commit()
        assert await find(units, row) == first


class MembershipsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `users`, `units` and `directory`."""

    async def test_a_user_belongs_to_an_organisation_once(
        self, users: Users, units: Units, organisation_id: OrganisationId
    ) -> None:
        first = await a_membership(users, organisation_id)
        await keep(units, first)
        with pytest.raises(Conflict):
            await keep(units, await a_membership(users, organisation_id, Role.TUTOR, first.user_id))
        async with units(organisation_id) as unit:
            assert await unit.memberships.of_user(first.user_id) == first
            assert await unit.memberships.of_user((await a_kept_user(users)).id) is None

    async def test_the_directory_knows_where_a_user_belongs(
        self,
        users: Users,
        units: Units,
        directory: Directory,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        young = await a_membership(users, organisation_id)
        other = await a_membership(users, await new_organisation(), Role.TUTOR, young.user_id)
        old = msgspec.structs.replace(other, since=NOON - MINUTE, status=MembershipStatus.PENDING)
        await keep(units, young)
        await keep(units, old)
        await keep(units, await a_membership(users, organisation_id))
        assert list(await directory.memberships_of(young.user_id)) == [old, young]

    async def test_who_the_admins_are_holds_until_the_commit(
        self, users: Users, units: Units, organisation_id: OrganisationId
    ) -> None:
        """Of two admins that put each other out at once, one stays."""
        pair = [await a_membership(users, organisation_id, Role.ADMIN) for _ in range(2)]
        for one in pair:
            await keep(units, one)
        await keep(units, await a_membership(users, organisation_id, Role.MANAGER))
        async with units(organisation_id) as slower:
            assert {one.id for one in await slower.memberships.active_admins()} == {one.id for one in pair}
            async with units(organisation_id) as faster:
                await faster.memberships.active_admins()
                await faster.memberships.save(followed(pair[0]))  # type: ignore[arg-type] # follows a membership
                await faster.commit()
            with pytest.raises(Conflict):  # noqa: PT012 - at once or with the commit
                await slower.memberships.save(followed(pair[1]))  # type: ignore[arg-type] # as above
                await slower.commit()
        async with units(organisation_id) as unit:
            assert list(await unit.memberships.active_admins()) == [pair[1]]


class SessionsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `users`, `units` and `directory`."""

    async def test_a_user_sees_where_he_is_signed_in_the_newest_first(
        self, users: Users, units: Units, organisation_id: OrganisationId
    ) -> None:
        first = await a_session(users, organisation_id)
        others = [
            msgspec.structs.replace(first, id=new_id(), began_at=NOON + number * MINUTE) for number in range(1, 4)
        ]
        for session in (first, *others):
            await keep(units, session)
        await keep(units, await a_session(users, organisation_id))
        await keep(units, evolve_session(others[1], SessionRevoked(RevokedBecause.BY_ADMIN, NOON)))
        async with units(organisation_id) as unit:
            assert list(await unit.sessions.of_user(first.user_id)) == [others[2], others[0], first]

    async def test_the_directory_finds_a_session_by_its_id(
        self, users: Users, units: Units, directory: Directory, organisation_id: OrganisationId
    ) -> None:
        session = await a_session(users, organisation_id)
        assert await directory.session(session.id) is None
        await keep(units, session)
        assert await directory.session(session.id) == session


class KeysAndInvitationsContract(WithOrganisations):
    """Needs the fixtures `organisations`, `users`, `units` and `directory`."""

    async def test_keys_are_listed_the_newest_first_and_found_by_their_prefix(
        self, users: Users, units: Units, directory: Directory, organisation_id: OrganisationId
    ) -> None:
        old = await an_api_key(users, organisation_id)
        young = msgspec.structs.replace(await an_api_key(users, organisation_id), created_at=NOON + MINUTE)
        await keep(units, old)
        await keep(units, young)
        async with units(organisation_id) as unit:
            assert list(await unit.api_keys.all()) == [young, old]
        assert await directory.api_key(old.prefix) == old
        assert await directory.api_key(secrets.token_hex(6)) is None

    async def test_no_two_keys_have_a_prefix_not_even_in_two_organisations(
        self, users: Users, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        key = await an_api_key(users, organisation_id)
        await keep(units, key)
        other = msgspec.structs.replace(await an_api_key(users, await new_organisation()), prefix=key.prefix)
        with pytest.raises(Conflict):
            await keep(units, other)

    async def test_the_directory_finds_an_invitation_by_its_secret(
        self, users: Users, units: Units, directory: Directory, organisation_id: OrganisationId
    ) -> None:
        invitation = await an_invitation(users, organisation_id)
        await keep(units, invitation)
        assert await directory.invitation(invitation.secret_hash) == invitation
        assert await directory.invitation(hash_secret(a_secret())) is None


class PrivacyContract(WithOrganisations):
    """Consents and data-subject requests. Needs the fixtures `organisations`, `users` and `units`."""

    async def test_answers_come_back_in_their_order(
        self, users: Users, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        user, other = await a_kept_user(users), await a_kept_user(users)
        entries = [
            ConsentEntry(id=new_id(), user_id=owner.id, purpose="marketing.email", text_version=2, given=given, at=NOON)
            for owner, given in ((user, True), (other, True), (user, False), (user, True))
        ]
        for entry in entries:
            async with units(organisation_id) as unit:
                await unit.consents.add(entry)
                await unit.commit()
        async with units(organisation_id) as unit:
            assert list(await unit.consents.of_user(user.id)) == [entries[0], entries[2], entries[3]]
        async with units(await new_organisation()) as unit:
            assert list(await unit.consents.of_user(user.id)) == []

    async def test_open_requests_come_by_their_due_dates(
        self, users: Users, units: Units, organisation_id: OrganisationId
    ) -> None:
        late = await a_data_request(users, organisation_id)
        early = msgspec.structs.replace(await a_data_request(users, organisation_id), due_at=NOON)
        done = await a_data_request(users, organisation_id)
        for request in (late, early, done):
            await keep(units, request)
        await keep(units, followed(done))
        async with units(organisation_id) as unit:
            assert list(await unit.data_requests.open()) == [early, late]
