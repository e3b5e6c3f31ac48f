"""What somebody is in an organisation. What a role may do stands in `permissions`."""

from enum import StrEnum


class Role(StrEnum):
    """One per membership; the same person may be a tutor in one organisation and an analyst in another."""

    ADMIN = "admin"
    MANAGER = "manager"
    ANALYST = "analyst"
    OPERATIONS = "operations"
    SUPPORT = "support"
    DRIVER = "driver"
    TUTOR = "tutor"
    WALKER = "walker"
    PARTNER = "partner"


class SelfRole(StrEnum):
    """The only roles that people may ask for themselves; a body that names another one does not decode."""

    TUTOR = "tutor"
    WALKER = "walker"

    @property
    def role(self) -> Role:
        """The role that is asked for."""
        return Role(self.value)
