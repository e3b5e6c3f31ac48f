"""Letting people in, making them something, putting them out."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.identity.made import ELSEWHERE, HERE, NOW, member
from trilha.domain.identity import (
    PERMISSIONS_OF,
    Approve,
    Disable,
    Enable,
    GiveRole,
    LastAdmin,
    Membership,
    MembershipCommand,
    MembershipRefused,
    MembershipStatus,
    NotPermitted,
    Role,
    RoleTooHigh,
    SelfRole,
    decide_membership,
    evolve_membership,
    request_membership,
)
from trilha.domain.kernel import DomainError, DriverId, InvalidValue, UserId

COMMANDS = st.one_of(
    st.builds(Approve),
    st.builds(Disable),
    st.builds(Enable),
    st.builds(GiveRole, st.sampled_from([role for role in Role if role is not Role.DRIVER])),
    st.builds(GiveRole, st.just(Role.DRIVER), st.none() | st.integers(-(2**63), 2**63 - 1).map(DriverId)),
)


ADMIN = member(1, Role.ADMIN)


def after(membership: Membership, command: MembershipCommand, by: Membership = ADMIN) -> Membership:
    for event in decide_membership(membership, command, by, [ADMIN]):
        membership = evolve_membership(membership, event)
    return membership


def test_who_registers_himself_waits_and_is_then_let_in() -> None:
    walker = request_membership(UUID(int=2), HERE, UserId(UUID(int=2)), SelfRole.WALKER, NOW)
    assert walker.status is MembershipStatus.PENDING
    assert walker.permissions == frozenset()
    let_in = after(walker, Approve(), by=member(3, Role.OPERATIONS))
    assert (let_in.status, let_in.version) == (MembershipStatus.ACTIVE, 2)
    assert let_in.permissions == PERMISSIONS_OF[Role.WALKER]


@pytest.mark.parametrize("smuggled", ["admin", "partner", "WALKER", "walker ", "", None, ["walker"]])
def test_no_other_role_can_be_asked_for(smuggled: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(smuggled), type=SelfRole)


@pytest.mark.parametrize("by", [Role.ANALYST, Role.SUPPORT, Role.WALKER, Role.PARTNER])
def test_those_without_the_permission_let_nobody_in(by: Role) -> None:
    walker = member(2, Role.WALKER, MembershipStatus.PENDING)
    with pytest.raises(NotPermitted):
        after(walker, Approve(), by=member(3, by))


def test_operations_let_people_in_but_change_nobody() -> None:
    with pytest.raises(NotPermitted):
        after(member(2, Role.WALKER), GiveRole(Role.SUPPORT), by=member(3, Role.OPERATIONS))


def test_who_is_disabled_himself_changes_nothing() -> None:
    with pytest.raises(NotPermitted):
        after(member(2, Role.WALKER), Disable(), by=member(3, Role.ADMIN, MembershipStatus.DISABLED))


def test_a_manager_makes_no_admin_and_unmakes_none() -> None:
    manager = member(2, Role.MANAGER)
    for target, command in (
        (member(3, Role.ANALYST), GiveRole(Role.ADMIN)),
        (member(3, Role.ANALYST), GiveRole(Role.PARTNER)),
        (manager, GiveRole(Role.ADMIN)),
        (member(4, Role.ADMIN), Disable()),
    ):
        with pytest.raises(RoleTooHigh):
            after(target, command, by=manager)


@pytest.mark.parametrize("command", [Disable(), GiveRole(Role.MANAGER)])
def test_the_last_admin_stays(command: MembershipCommand) -> None:
    with pytest.raises(LastAdmin):
        after(ADMIN, command)
    second = member(2, Role.ADMIN)
    assert decide_membership(ADMIN, command, second, [ADMIN, second])


def test_nobody_reaches_into_another_organisation() -> None:
    stranger = msgspec.structs.replace(ADMIN, organisation_id=ELSEWHERE)
    with pytest.raises(MembershipRefused):
        after(member(2, Role.WALKER), Disable(), by=stranger)


def test_waiting_and_disabled_are_told_apart() -> None:
    with pytest.raises(MembershipRefused, match="approve it"):
        after(member(2, Role.WALKER, MembershipStatus.PENDING), Enable())
    with pytest.raises(MembershipRefused, match="enable it"):
        after(member(2, Role.WALKER, MembershipStatus.DISABLED), Approve())


def test_only_a_driver_is_a_driver_of_the_fleet() -> None:
    driver = after(member(2, Role.ANALYST), GiveRole(Role.DRIVER, DriverId(-7)))
    assert driver.driver_id == -7
    assert after(driver, GiveRole(Role.ANALYST)).driver_id is None
    with pytest.raises(InvalidValue):
        after(driver, GiveRole(Role.ANALYST, DriverId(-7)))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), COMMANDS), max_size=30),
    st.lists(st.sampled_from(Role), min_size=3, max_size=3),
)
def test_whatever_members_do_an_admin_is_left_and_nobody_rises_above_his_maker(
    steps: list[tuple[int, int, MembershipCommand]], roles: list[Role]
) -> None:
    members = [ADMIN, *(member(number, role) for number, role in enumerate(roles, 2))]
    for actor, target, command in steps:
        by, before = members[actor], members[target]
        admins = [one for one in members if one.role is Role.ADMIN and one.status is MembershipStatus.ACTIVE]
        try:
            events = decide_membership(before, command, by, admins)
            for event in events:
                members[target] = evolve_membership(members[target], event)
        except DomainError:
            assert members[target] == before
            continue
        assert members[target].permissions <= PERMISSIONS_OF[by.role]
        assert members[target].version == before.version + len(events)
        assert any(one.role is Role.ADMIN and one.status is MembershipStatus.ACTIVE for one in members)
        assert decide_again(members[target], command, by) == members[target]


def decide_again(membership: Membership, command: MembershipCommand, by: Membership) -> Membership:
    """Repeating a command changes nothing more."""
    if by.id == membership.id:
        return membership
    return after(membership, command, by)
