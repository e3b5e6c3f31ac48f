"""What identity refuses. No text names an address, a name or a secret: texts travel further than databases.

DomainError
|-- NotPermitted              the role, or the key's scopes, lack the permission
|-- RoleTooHigh               somebody gives, or takes away, more than he has
|-- EmailRefused              not an address that a person can sign in with
|   `-- LookAlikeEmail        letters of two alphabets that look alike
|-- PasswordRefused           too short, too long, or among the first to be guessed
|-- MembershipRefused         a step that this membership cannot take
|   `-- LastAdmin             the organisation would be left without an admin
"""

from typing import ClassVar

from trilha.domain.kernel import Conflict, DomainError


class NotPermitted(DomainError):
    """Names the permission, so that an admin knows what to give."""

    code = "identity.not_permitted"

    def __init__(self, permission: str) -> None:
        super().__init__(f"this needs the permission {permission}; ask an admin for a role or a key that has it")
        self.permission = permission


class RoleTooHigh(DomainError):
    """Nobody gives or changes what may more than he may himself."""

    code = "identity.role_too_high"

    def __init__(self, role: str, granter: str) -> None:
        super().__init__(f"the role {role} may things that {granter} may not; ask somebody who may them")
        self.role = role


class EmailRefused(DomainError, ValueError):
    """Says what is wrong without repeating the address."""

    code: ClassVar[str] = "identity.email_refused"

    def __init__(self, wrong: str) -> None:
        super().__init__(f"this e-mail address {wrong}")


class LookAlikeEmail(EmailRefused):
    """It reads like another address."""

    code: ClassVar[str] = "identity.email_looks_alike"


class PasswordRefused(DomainError, ValueError):
    """`reason` is one of too_short, too_long, unreadable, common, pattern, personal."""

    code = "identity.password_refused"

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class MembershipRefused(Conflict):
    """A step that does not follow from how the membership stands."""

    code: ClassVar[str] = "identity.membership_refused"


class LastAdmin(MembershipRefused):
    """Somebody has to be able to let others in."""

    code: ClassVar[str] = "identity.last_admin"

    def __init__(self) -> None:
        super().__init__("this is the last admin of the organisation; make somebody else an admin first")
