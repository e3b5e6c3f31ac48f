"""Identity: who Trilha serves. An organisation owns its data; a source feeds it."""

from trilha.domain.identity.model import Organisation, OrganisationSource
from trilha.domain.identity.ports import Organisations

__all__ = ["Organisation", "OrganisationSource", "Organisations"]
