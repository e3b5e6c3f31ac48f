"""The table of permissions says something about everything, and nobody below may what nobody above may."""

import pytest

from trilha.domain.identity import (
    GRANTS,
    KEY_SCOPES,
    PERMISSIONS_OF,
    NotPermitted,
    Permission,
    Role,
    is_within,
    may,
    require_permission,
)


def test_every_permission_has_one_row_and_every_row_an_admin() -> None:
    assert sorted(grant.permission for grant in GRANTS) == sorted(Permission)
    assert all(Role.ADMIN in grant.roles for grant in GRANTS)
    assert PERMISSIONS_OF[Role.ADMIN] == frozenset(Permission)


def test_every_role_may_something() -> None:
    assert set(PERMISSIONS_OF) == set(Role)
    assert all(PERMISSIONS_OF.values())


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_is_named_context_dot_action(permission: Permission) -> None:
    context, dot, action = permission.value.partition(".")
    assert dot
    assert context.islower()
    assert action.replace("_", "").islower()
    assert permission.name == f"{context}_{action}".upper()


@pytest.mark.parametrize(
    ("below", "above"),
    [
        *((role, Role.ADMIN) for role in Role),
        *((role, Role.MANAGER) for role in (Role.ANALYST, Role.OPERATIONS, Role.SUPPORT, Role.DRIVER)),
        (Role.SUPPORT, Role.OPERATIONS),
        *((role, Role.OPERATIONS) for role in (Role.TUTOR, Role.WALKER)),
    ],
)
def test_who_stands_above_may_whatever_those_below_may(below: Role, above: Role) -> None:
    assert PERMISSIONS_OF[below] <= PERMISSIONS_OF[above]
    assert is_within(below, above)


@pytest.mark.parametrize("role", [Role.DRIVER, Role.TUTOR, Role.WALKER])
def test_who_comes_from_outside_sees_only_what_is_his(role: Role) -> None:
    own = {one for one in Permission if one.value.startswith("account.") or one.value.endswith("_own")}
    assert PERMISSIONS_OF[role] <= own


def test_a_machine_never_acts_for_persons_or_on_them() -> None:
    personal = {one for one in Permission if one.value.split(".")[0] in {"account", "identity", "privacy"}}
    assert not KEY_SCOPES & personal
    assert KEY_SCOPES


def test_what_is_not_granted_is_refused_by_name() -> None:
    granted = PERMISSIONS_OF[Role.TUTOR]
    require_permission(granted, Permission.ACCOUNT_READ)
    with pytest.raises(NotPermitted, match=r"fleet\.read"):
        require_permission(granted, Permission.FLEET_READ)
    assert not may(Role.TUTOR, Permission.FLEET_READ)
