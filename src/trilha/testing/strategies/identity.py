"""Values of identity."""

from hypothesis import strategies as st

from trilha.domain.identity import Organisation, OrganisationSource
from trilha.testing.strategies.values import Strategy, instants, names, source_ids, uuids7


def organisations() -> Strategy[Organisation]:
    """Organisations in any zone."""
    zones = st.sampled_from(["America/Sao_Paulo", "Europe/Lisbon", "UTC", "Asia/Kathmandu"])
    return st.builds(Organisation, id=uuids7(), name=names(), time_zone=zones, created_at=instants())


def organisation_sources() -> Strategy[OrganisationSource]:
    """Where an organisation's data come from."""
    return st.builds(OrganisationSource, organisation_id=uuids7(), source=st.just("mix"), external_id=source_ids())
