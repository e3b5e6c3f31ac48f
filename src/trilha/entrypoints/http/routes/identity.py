"""Whose data there are."""

from datetime import datetime
from uuid import UUID

import msgspec

from trilha.entrypoints.http.answers import Answer, json
from trilha.entrypoints.http.call import Call
from trilha.entrypoints.http.documentation import reads
from trilha.entrypoints.http.reading import Query


class OrganisationView(msgspec.Struct, frozen=True):
    """An organisation; `time_zone` is an IANA name in which its days are cut."""

    id: UUID
    name: str
    time_zone: str
    created_at: datetime


class OrganisationList(msgspec.Struct, frozen=True):
    """Every organisation, oldest first."""

    items: tuple[OrganisationView, ...]


@reads("/v1/organisations", "listOrganisations", OrganisationList, tag="identity", of_an_organisation=False)
async def list_organisations(request: Call) -> Answer:
    """Organisations of this installation.

    Their ids go into the header Trilha-Organisation of the other operations.
    """
    request.asks(Query)
    known = await request.organisations()
    return json(
        OrganisationList(
            tuple(
                OrganisationView(id=one.id, name=one.name, time_zone=one.time_zone, created_at=one.created_at)
                for one in known
            )
        )
    )


ROUTES = (list_organisations,)
