"""The contract of DeadLetters."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from trilha.application.ports import DeadLetter, DeadLetters, Envelope, LetterStatus
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


def _rewritten(letter: DeadLetter, status: LetterStatus, minutes: int = 0) -> DeadLetter:
    settled = status in (LetterStatus.REPLAYED, LetterStatus.DISCARDED)
    return msgspec.structs.replace(
        letter,
        status=status,
        attempts=letter.attempts + 1,
        error="KeyError: again",
        failed_at=letter.failed_at + timedelta(minutes=minutes),
        settled_at=NOON if settled else None,
    )


class DeadLettersContract(WithOrganisations):
    """Needs the fixtures `organisations` and `dead_letters`."""

    @pytest.mark.parametrize("consumer", ["nobody", "no\0body", ""])
    async def test_an_unknown_one_is_none(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, consumer: str
    ) -> None:
        assert await dead_letters.get(organisation_id, consumer, new_id()) is None

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

    async def _get(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, letter: DeadLetter
    ) -> DeadLetter | None:
        return await dead_letters.get(organisation_id, letter.consumer, letter.envelope.id)

    async def test_gets_one_by_consumer_and_event(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        letter = a_letter(an_envelope(organisation_id))
        await dead_letters.add(letter)
        assert await self._get(dead_letters, organisation_id, letter) == letter
        assert await self._get(dead_letters, await new_organisation(), letter) is None
        assert await dead_letters.get(organisation_id, "other", letter.envelope.id) is None
        assert await dead_letters.get(organisation_id, letter.consumer, new_id()) is None

    @pytest.mark.parametrize("status", list(LetterStatus))
    async def test_writes_a_letter_over_itself(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, status: LetterStatus
    ) -> None:
        letter, other = a_letter(an_envelope(organisation_id)), a_letter(an_envelope(organisation_id), minutes=1)
        for one in (letter, other):
            await dead_letters.add(one)
        changed = _rewritten(letter, status)
        assert await dead_letters.save(changed, if_status=LetterStatus.OPEN)
        assert await self._get(dead_letters, organisation_id, letter) == changed
        assert await self._get(dead_letters, organisation_id, other) == other
        assert list(await dead_letters.all(organisation_id)) == [changed, other]

    async def test_counts_those_of_an_organisation_that_are_open(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        assert await dead_letters.open_count(organisation_id) == 0
        for owner in (organisation_id, await new_organisation()):
            letters = {status: a_letter(an_envelope(owner)) for status in LetterStatus}
            for status, letter in letters.items():
                await dead_letters.add(letter)
                assert await dead_letters.save(_rewritten(letter, status), if_status=LetterStatus.OPEN)
        await dead_letters.add(a_letter(an_envelope(organisation_id)))
        assert await dead_letters.open_count(organisation_id) == 2

    async def test_of_two_decisions_the_first_holds(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId
    ) -> None:
        letter = a_letter(an_envelope(organisation_id))
        await dead_letters.add(letter)
        decisions = [_rewritten(letter, LetterStatus.REQUESTED), _rewritten(letter, LetterStatus.DISCARDED)]
        saved = await asyncio.gather(*(dead_letters.save(one, if_status=LetterStatus.OPEN) for one in decisions))
        assert sorted(saved) == [False, True]
        assert await self._get(dead_letters, organisation_id, letter) == decisions[saved.index(True)]

    async def test_a_letter_that_is_not_kept_cannot_be_written_over(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId
    ) -> None:
        letter = a_letter(an_envelope(organisation_id))
        assert not await dead_letters.save(letter, if_status=LetterStatus.OPEN)
        assert await self._get(dead_letters, organisation_id, letter) is None

    async def test_tells_those_of_all_that_are_to_be_handed_over_again_oldest_first(
        self, dead_letters: DeadLetters, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        owners = [organisation_id, await new_organisation()]
        letters = [a_letter(an_envelope(owner), minutes=minutes) for owner in owners for minutes in (2, 1)]
        for letter in (*letters, a_letter(an_envelope(organisation_id))):
            await dead_letters.add(letter)
        for letter in letters:
            changed = msgspec.structs.replace(letter, status=LetterStatus.REQUESTED)
            assert await dead_letters.save(changed, if_status=LetterStatus.OPEN)
        requested = await dead_letters.requested(1_000)
        mine = [one.envelope.id for one in requested if one.envelope.organisationid in owners]
        assert [one.failed_at for one in requested] == sorted(one.failed_at for one in requested)
        assert set(mine) == {letter.envelope.id for letter in letters}
        assert {one.status for one in requested} == {LetterStatus.REQUESTED}
        assert len(await dead_letters.requested(3)) == 3
