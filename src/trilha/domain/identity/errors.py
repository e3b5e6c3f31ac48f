"""What identity refuses. No text names an address, a name or a secret: texts travel further than databases.

DomainError
|-- NotPermitted              the role, or the key's scopes, lack the permission
|-- RoleTooHigh               somebody gives, or takes away, more than he has
|-- EmailRefused              not an address that a person can sign in with
|   `-- LookAlikeEmail        letters of two alphabets that look alike
|-- PasswordRefused           too short, too long, or among the first to be guessed
|-- SignInRefused             address or password are wrong, or the account is closed; which one stays unsaid
|-- TooManyAttempts           wait; counted for every address typed, existing or not
|-- SecondFactorNeeded        the password was right, a code is wanted too
|   `-- SecondFactorMissing   the role demands one, and none is set up
|-- SecondFactorConfirmed     there is one already
|-- CodeRefused               a wrong code
|   `-- CodeReplayed          a right one, used before
|-- SessionEnded              expired, revoked or never there
|   `-- RefreshTokenReused    a token that was changed for another came again: its family is revoked
|-- KeyRefused                an API key that is wrong, expired or revoked
|-- TokenRefused              an access token that does not hold; `reason` says why
|-- LinkRefused               an invitation, verification or reset that is used, expired or unknown
|-- MembershipRefused         a step that this membership cannot take
|   `-- LastAdmin             the organisation would be left without an admin
|-- RequestSettled            a data-subject request that has its answer
`-- AuditBroken               the chain of the audit trail does not hold
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


class SignInRefused(DomainError):
    """The same text and the same code whatever was wrong."""

    code = "identity.sign_in_refused"

    def __init__(self) -> None:
        super().__init__("the address or the password is wrong, or this account cannot sign in here")


class TooManyAttempts(DomainError):
    """`retry_after_s` is when the next one counts."""

    code = "identity.too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts; try again in {retry_after_s} s, or reset the password")
        self.retry_after_s = retry_after_s


class SecondFactorNeeded(DomainError):
    """The password alone does not do."""

    code: ClassVar[str] = "identity.second_factor_needed"

    def __init__(self, text: str = "a code of the authenticator app, or a recovery code, is needed too") -> None:
        super().__init__(text)


class SecondFactorMissing(SecondFactorNeeded):
    """It has to be set up first."""

    code: ClassVar[str] = "identity.second_factor_missing"

    def __init__(self, role: str) -> None:
        super().__init__(f"the role {role} has to sign in with a second factor; set one up first")


class SecondFactorConfirmed(Conflict):
    """One at a time, and a new one only after the old one was turned off with a code of it."""

    code = "identity.second_factor_confirmed"

    def __init__(self) -> None:
        super().__init__("a second factor is on already; turn it off first, with one of its codes")


class CodeRefused(DomainError):
    """Not a code of now."""

    code: ClassVar[str] = "identity.code_refused"

    def __init__(
        self, text: str = "this code is wrong; take the one shown now, and check the clock of the phone"
    ) -> None:
        super().__init__(text)


class CodeReplayed(CodeRefused):
    """Each code counts once."""

    code: ClassVar[str] = "identity.code_replayed"

    def __init__(self) -> None:
        super().__init__("this code was used already; wait for the next one")


class SessionEnded(DomainError):
    """Sign in again."""

    code: ClassVar[str] = "identity.session_ended"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this session has ended ({reason}); sign in again")
        self.reason = reason


class RefreshTokenReused(SessionEnded):
    """Somebody has a copy: the whole family is revoked."""

    code: ClassVar[str] = "identity.refresh_token_reused"

    def __init__(self) -> None:
        super().__init__("a refresh token came twice, so somebody may have a copy")


class KeyRefused(DomainError):
    """The same for a wrong, an expired and a revoked key."""

    code = "identity.key_refused"

    def __init__(self) -> None:
        super().__init__("this API key is wrong, expired or revoked; an admin can make a new one")


class TokenRefused(DomainError):
    """`reason` is a stable word, such as `expired`, `wrong_audience` or `unknown_key`."""

    code = "identity.token_refused"

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"this access token {text}; sign in again")
        self.reason = reason


class LinkRefused(DomainError):
    """The same for a wrong, a used and an expired one."""

    code = "identity.link_refused"

    def __init__(self) -> None:
        super().__init__("this link was used already, has expired or was never given; ask for a new one")


class MembershipRefused(Conflict):
    """A step that does not follow from how the membership stands."""

    code: ClassVar[str] = "identity.membership_refused"


class LastAdmin(MembershipRefused):
    """Somebody has to be able to let others in."""

    code: ClassVar[str] = "identity.last_admin"

    def __init__(self) -> None:
        super().__init__("this is the last admin of the organisation; make somebody else an admin first")


class RequestSettled(Conflict):
    """It has its answer."""

    code = "identity.request_settled"


class AuditBroken(DomainError):
    """`sequence` is the first entry that does not follow from the one before."""

    code = "identity.audit_broken"

    def __init__(self, sequence: int) -> None:
        super().__init__(f"the audit trail does not hold from entry {sequence} on: it was changed, cut or reordered")
        self.sequence = sequence
