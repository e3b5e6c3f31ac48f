"""The contracts of Clock and IdSource."""

from datetime import UTC, timedelta

from trilha.application.ports import Clock, IdSource
from trilha.testing.contracts.fresh import NOON

MANY = 2_000
VERSION = 7


class ClockContract:
    """Needs the fixture `clock`."""

    async def test_tells_aware_utc_times_that_do_not_go_back(self, clock: Clock) -> None:
        moments = [clock.now() for _ in range(100)]
        assert moments == sorted(moments)
        assert {moment.tzinfo for moment in moments} == {UTC}

    async def test_does_not_wait_for_what_has_come(self, clock: Clock) -> None:
        await clock.sleep_until(clock.now() - timedelta(days=1))
        await clock.sleep_until(min(clock.now(), NOON))


class IdSourceContract:
    """Needs the fixture `ids`."""

    async def test_ids_are_of_version_7_and_grow(self, ids: IdSource) -> None:
        made = [ids.new() for _ in range(MANY)]
        assert {one.version for one in made} == {VERSION}
        assert {one.variant for one in made} == {"specified in RFC 4122"}
        assert made == sorted(set(made))
