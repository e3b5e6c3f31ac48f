"""Make the organisations that a source shows us known here, so that their data can be brought in."""

from collections.abc import Sequence

import msgspec

from trilha.application.ports import Clock, IdSource, Jobs
from trilha.application.schedule import first_job_rows
from trilha.domain.fleet import FleetSource, SourceOrganisation
from trilha.domain.identity import Organisation, Organisations, OrganisationSource
from trilha.domain.kernel import OrganisationId, SourceNotPermitted


class ConnectOrganisationsCommand(msgspec.Struct, frozen=True):
    """`only` names outside organisations by id; empty means every one that the login may see."""

    source: str
    only: tuple[int, ...] = ()
    default_time_zone: str = "America/Sao_Paulo"


class ConnectOrganisations:
    """Safe to repeat: a known organisation follows its source's name, a new one also gets its recurring jobs.

    Where some are named, those that are not any more lose their jobs; their data stay.
    """

    def __init__(
        self, *, source: FleetSource, organisations: Organisations, jobs: Jobs, clock: Clock, ids: IdSource
    ) -> None:
        self._source = source
        self._organisations = organisations
        self._jobs = jobs
        self._clock = clock
        self._ids = ids

    async def __call__(self, command: ConnectOrganisationsCommand) -> Sequence[Organisation]:
        """Connect those that are there; then raises SourceNotPermitted for a named id that the login may not see."""
        listed = {organisation.external_id: organisation for organisation in await self._source.organisations()}
        wanted = command.only or tuple(listed)
        connected = [await self._connect(command, listed[one]) for one in wanted if one in listed]
        if command.only:
            await self._rest(command)
        for external_id in wanted:
            if external_id not in listed:
                raise SourceNotPermitted("organisation", external_id)
        return connected

    async def _rest(self, command: ConnectOrganisationsCommand) -> None:
        for organisation in await self._organisations.all():
            source = await self._organisations.source_of(organisation.id)
            if source and source.source == command.source and source.external_id not in command.only:
                await self._jobs.withdraw(organisation.id)

    async def _connect(self, command: ConnectOrganisationsCommand, listed: SourceOrganisation) -> Organisation:
        organisation = await self._organisations.fed_by(command.source, listed.external_id)
        if organisation is None:
            organisation = await self._add(command, listed)
        elif organisation.name != listed.name:
            organisation = msgspec.structs.replace(organisation, name=listed.name)
            await self._organisations.update(organisation)
        await self._jobs.ensure(first_job_rows(organisation.id, self._clock.now()))
        return organisation

    async def _add(self, command: ConnectOrganisationsCommand, listed: SourceOrganisation) -> Organisation:
        organisation = Organisation(
            id=OrganisationId(self._ids.new()),
            name=listed.name,
            time_zone=listed.time_zone or command.default_time_zone,
            created_at=self._clock.now(),
        )
        source = OrganisationSource(
            organisation_id=organisation.id, source=command.source, external_id=listed.external_id
        )
        if await self._organisations.add(organisation, source):
            return organisation
        winner = await self._organisations.fed_by(command.source, listed.external_id)
        return winner or organisation
