"""The contract of DeadLetters."""

from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings

from trilha.application.ports import DeadLetter, DeadLetters, Envelope
from trilha.domain.kernel import OrganisationId
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.strategies import envelopes


def an_envelope(organisation_id: OrganisationId, event_type: str = "testing.happened") -> Envelope:
    """An event that nothing happened for."""
    return Envelope(
        id=new_id(),
        type=event_type,
        source="/testing",
        subject="subject",
        time=NOON,
        organisationid=organisation_id,
        dataschema=f"/events/{event_type}/1",
        data=msgspec.Raw(b'{"answer":42}'),
    )


def a_letter(envelope: Envelope, consumer: str = "consumer", minutes: int = 0) -> DeadLetter:
    """A letter about an event."""
    failed_at = NOON + timedelta(minutes=minutes)
    return DeadLetter(consumer=consumer, envelope=envelope, attempts=5, error="ValueError", failed_at=failed_at)


class DeadLettersContract(WithOrganisations):
    """Needs the fixtures `organisations` and `dead_letters`."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(envelope=envelopes())
    async def test_gives_back_the_event_as_it_was(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, envelope: Envelope
    ) -> None:
        letter = a_letter(msgspec.structs.replace(envelope, organisationid=organisation_id, id=new_id()))
        await dead_letters.add(letter)
        kept = {one.envelope.id: one for one in await dead_letters.all(organisation_id)}[letter.envelope.id]
        assert msgspec.json.encode(kept.envelope) == msgspec.json.encode(letter.envelope)
        assert (kept.consumer, kept.attempts, kept.error, kept.failed_at) == ("consumer", 5, "ValueError", NOON)

    async def test_keeps_an_event_once_per_consumer(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId
    ) -> None:
        envelope = an_envelope(organisation_id)
        for letter in (a_letter(envelope), a_letter(envelope), a_letter(envelope, "other", minutes=1)):
            await dead_letters.add(letter)
        assert [letter.consumer for letter in await dead_letters.all(organisation_id)] == ["consumer", "other"]

    async def test_lists_the_oldest_first(self, dead_letters: DeadLetters, organisation_id: OrganisationId) -> None:
        for minutes in (2, 0, 1):
            await dead_letters.add(a_letter(an_envelope(organisation_id), minutes=minutes))
        failed = [letter.failed_at for letter in await dead_letters.all(organisation_id)]
        assert failed == sorted(failed)
        assert len(failed) == 3

    async def test_shows_an_organisation_only_its_own(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        await dead_letters.add(a_letter(an_envelope(organisation_id)))
        assert await dead_letters.all(await new_organisation()) == []
