"""Identity: who Trilha serves. An organisation owns its data; a source feeds it."""

from trilha.domain.identity.model import OPERATOR, Organisation, OrganisationSource
from trilha.domain.identity.ports import Organisations

__all__ = ["OPERATOR", "Organisation", "OrganisationSource", "Organisations"]
