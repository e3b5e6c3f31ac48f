"""The contracts of AlertRules, Alerts, VehicleWatches and AlertQueries."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trilha.application.monitoring.queries import AlertFilter, AlertQueries
from trilha.application.monitoring.views import AlertCount, AlertView, alert_view, rule_view
from trilha.application.ports import MonitoringUnitOfWork, PageRequest, UnitsOfWork
from trilha.domain.kernel import Conflict, DriverId, InvalidValue, NotFound, OrganisationId, TimeRange, VehicleId
from trilha.domain.monitoring import (
    Alert,
    AlertRule,
    AlertState,
    Evidence,
    EvidenceKind,
    Fired,
    Idling,
    RuleContent,
    Said,
    Severity,
    VehicleWatch,
    acknowledge,
    resolve,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id
from trilha.testing.strategies import alert_rules, alerts, vehicle_watches

Units = UnitsOfWork[MonitoringUnitOfWork]
MINUTE = timedelta(minutes=1)
BUS = VehicleId(-(2**63))
_checked = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], max_examples=15
)


def a_rule(minutes: int = 0) -> AlertRule:
    """A first version."""
    content = RuleContent(name="Ponto final", condition=Idling(for_s=600))
    return AlertRule(id=new_id(), content=content, changed_at=NOON + minutes * MINUTE)


def an_alert(
    minutes: int = 0,
    *,
    rule_id: UUID | None = None,
    vehicle_id: VehicleId = BUS,
    severity: Severity = Severity.WARNING,
) -> Alert:
    """A first version, raised."""
    at = NOON + minutes * MINUTE
    return Alert(
        id=new_id(),
        rule_id=rule_id or new_id(),
        rule_name="Ponto final",
        rule_version=0,
        severity=severity,
        vehicle_id=vehicle_id,
        driver_id=DriverId(3),
        raised_at=at,
        last_seen_at=at,
        evidence=Evidence(EvidenceKind.POSITION, 5, at, -15.0, -47.0, 600.0, 600.0),
    )


def next_version(alert: Alert) -> Alert:
    """The same alert, resolved."""
    resolved = resolve(alert, Said(NOON + 60 * MINUTE, "operator", "visto"))
    return msgspec.structs.replace(resolved, version=alert.version + 1)


def a_firing(record_id: int, rule_id: UUID, vehicle_id: VehicleId = BUS) -> Fired:
    """Of a rule, proven by a record."""
    return Fired(rule_id, vehicle_id, None, Evidence(EvidenceKind.EVENT, record_id, NOON))


class AlertRulesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _save(self, units: Units, organisation_id: OrganisationId, *versions: AlertRule) -> None:
        for version in versions:
            async with units(organisation_id) as unit:
                await unit.alert_rules.save(version)
                await unit.commit()

    async def _all(self, units: Units, organisation_id: OrganisationId) -> Sequence[AlertRule]:
        async with units(organisation_id) as unit:
            return await unit.alert_rules.all()

    async def _stamp(self, units: Units, organisation_id: OrganisationId) -> str:
        async with units(organisation_id) as unit:
            return await unit.alert_rules.stamp()

    @_checked
    @given(rules=st.lists(alert_rules(), max_size=3, unique_by=lambda rule: rule.id))
    async def test_come_back_exactly_by_id(
        self, units: Units, new_organisation: NewOrganisation, rules: list[AlertRule]
    ) -> None:
        organisation_id = await new_organisation()
        mine = sorted((msgspec.structs.replace(rule, id=new_id()) for rule in rules), key=lambda rule: rule.id)
        await self._save(units, organisation_id, *mine)
        assert list(await self._all(units, organisation_id)) == mine
        async with units(organisation_id) as unit:
            for rule in mine:
                assert await unit.alert_rules.get(rule.id) == rule

    @pytest.mark.parametrize("version", [0, 2])
    async def test_any_version_but_the_next_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        rule = a_rule()
        await self._save(units, organisation_id, rule)
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, msgspec.structs.replace(rule, version=version))
        await self._save(units, organisation_id, msgspec.structs.replace(rule, version=1))

    async def test_the_stamp_changes_with_every_change(self, units: Units, organisation_id: OrganisationId) -> None:
        rule = a_rule()
        changed = msgspec.structs.replace(rule, version=1, changed_at=NOON + MINUTE)
        stamps = [await self._stamp(units, organisation_id)]
        for version in (rule, changed):
            await self._save(units, organisation_id, version)
            stamps.append(await self._stamp(units, organisation_id))
        assert await self._stamp(units, organisation_id) == stamps[-1]
        async with units(organisation_id) as unit:
            await unit.alert_rules.delete(rule.id)
            await unit.commit()
        assert await self._stamp(units, organisation_id) == stamps[0]
        assert len(set(stamps)) == len(stamps)

    async def test_what_is_deleted_is_gone(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        rule, stranger = a_rule(), await new_organisation()
        await self._save(units, organisation_id, rule)
        async with units(stranger) as unit:
            with pytest.raises(NotFound):
                await unit.alert_rules.delete(rule.id)
        async with units(organisation_id) as unit:
            await unit.alert_rules.delete(rule.id)
        assert list(await self._all(units, organisation_id)) == [rule]
        async with units(organisation_id) as unit:
            await unit.alert_rules.delete(rule.id)
            await unit.commit()
        async with units(organisation_id) as unit:
            assert await unit.alert_rules.all() == []
            with pytest.raises(NotFound):
                await unit.alert_rules.get(rule.id)


class AlertsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _save(self, units: Units, organisation_id: OrganisationId, *saved: Alert) -> None:
        async with units(organisation_id) as unit:
            await unit.alerts.save(saved)
            await unit.commit()

    @_checked
    @given(given_alerts=st.lists(alerts(), min_size=1, max_size=4))
    async def test_come_back_exactly(
        self, units: Units, new_organisation: NewOrganisation, given_alerts: list[Alert]
    ) -> None:
        organisation_id = await new_organisation()
        mine = [msgspec.structs.replace(alert, id=new_id(), rule_id=new_id()) for alert in given_alerts]
        await self._save(units, organisation_id, *mine)
        async with units(organisation_id) as unit:
            assert [await unit.alerts.get(alert.id) for alert in mine] == mine
            found = await unit.alerts.open_of({(alert.rule_id, alert.vehicle_id) for alert in mine})
            assert list(found) == sorted((alert for alert in mine if alert.is_open), key=lambda alert: alert.id)

    async def test_others_are_not_found(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        alert = an_alert()
        await self._save(units, organisation_id, alert)
        async with units(await new_organisation()) as unit:
            assert await unit.alerts.open_of({(alert.rule_id, alert.vehicle_id)}) == []
            with pytest.raises(NotFound):
                await unit.alerts.get(alert.id)
        async with units(organisation_id) as unit:
            assert await unit.alerts.open_of({(alert.rule_id, VehicleId(1)), (new_id(), BUS)}) == []

    async def test_one_is_open_for_a_rule_and_a_vehicle(self, units: Units, organisation_id: OrganisationId) -> None:
        first = an_alert()
        second, elsewhere = an_alert(rule_id=first.rule_id), an_alert(rule_id=first.rule_id, vehicle_id=VehicleId(2))
        await self._save(units, organisation_id, first, elsewhere)
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, second)
        await self._save(units, organisation_id, second, next_version(first))
        async with units(organisation_id) as unit:
            assert await unit.alerts.open_of({(first.rule_id, BUS)}) == [second]

    async def test_any_version_but_the_next_is_refused_and_nothing_written(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        alert, other = an_alert(), an_alert()
        await self._save(units, organisation_id, alert)
        for version in (0, 2):
            wrong = msgspec.structs.replace(next_version(alert), version=version)
            with pytest.raises(Conflict):
                await self._save(units, organisation_id, other, wrong)
        with pytest.raises(Conflict):
            await self._save(units, organisation_id, next_version(other))
        async with units(organisation_id) as unit:
            assert await unit.alerts.get(alert.id) == alert
            with pytest.raises(NotFound):
                await unit.alerts.get(other.id)

    async def test_a_firing_is_new_once(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        """By rule, vehicle and record; also within one question, and not where the unit was rolled back."""
        rule_id = new_id()
        one, two, elsewhere = a_firing(1, rule_id), a_firing(2, rule_id), a_firing(1, rule_id, VehicleId(2))
        again = a_firing(1, rule_id)
        async with units(organisation_id) as unit:
            assert list(await unit.alerts.note([one, two])) == [one, two]
        async with units(organisation_id) as unit:
            new = await unit.alerts.note([one, again])
            assert len(new) == 1
            assert new[0] is one
            await unit.commit()
        async with units(organisation_id) as unit:
            assert list(await unit.alerts.note([again, two, elsewhere])) == [two, elsewhere]
        async with units(await new_organisation()) as unit:
            assert list(await unit.alerts.note([one])) == [one]


class VehicleWatchesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _save(self, units: Units, organisation_id: OrganisationId, *watches: VehicleWatch) -> None:
        async with units(organisation_id) as unit:
            await unit.watches.save(watches)
            await unit.commit()

    @_checked
    @given(watches=st.lists(vehicle_watches(), max_size=4, unique_by=lambda watch: watch.vehicle_id))
    async def test_come_back_exactly(
        self, units: Units, new_organisation: NewOrganisation, watches: list[VehicleWatch]
    ) -> None:
        organisation_id = await new_organisation()
        await self._save(units, organisation_id, *(VehicleWatch(watch.vehicle_id) for watch in watches))
        await self._save(units, organisation_id, *watches)
        async with units(organisation_id) as unit:
            found = await unit.watches.load([watch.vehicle_id for watch in watches])
            assert found == {watch.vehicle_id: watch for watch in watches}
        async with units(await new_organisation()) as unit:
            assert await unit.watches.load([watch.vehicle_id for watch in watches]) == {}

    async def test_silent_ones_come_by_id(self, units: Units, organisation_id: OrganisationId) -> None:
        heard = [VehicleWatch(VehicleId(number), seen_at=NOON + number * MINUTE) for number in (3, 1, 2)]
        await self._save(units, organisation_id, *heard, VehicleWatch(VehicleId(4)))
        async with units(organisation_id) as unit:
            silent = await unit.watches.unseen_since(NOON + 2 * MINUTE)
        assert [watch.vehicle_id for watch in silent] == [1, 2]

    async def test_progress_never_goes_back(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            assert await unit.watches.watched_until() is None
        ids = [new_id() for _ in range(3)]
        for minutes in (2, 1):
            async with units(organisation_id) as unit:
                await unit.watches.reach(NOON + minutes * MINUTE, ids[minutes])
                await unit.commit()
        async with units(organisation_id) as unit:
            assert await unit.watches.watched_until() == (NOON + 2 * MINUTE, ids[2])
        first, second = sorted((ids[2], new_id()))
        for page_id in (second, first):
            async with units(organisation_id) as unit:
                await unit.watches.reach(NOON + 3 * MINUTE, page_id)
                await unit.commit()
        async with units(organisation_id) as unit:
            assert await unit.watches.watched_until() == (NOON + 3 * MINUTE, second)

    async def test_of_two_who_watch_at_once_none_is_lost(self, units: Units, organisation_id: OrganisationId) -> None:
        """The second waits for the first, or fails and comes again; vehicles that were never seen before too."""

        async def count_one_more() -> None:
            while True:
                try:
                    async with units(organisation_id) as unit:
                        known = (await unit.watches.load((BUS,))).get(BUS) or VehicleWatch(BUS)
                        await asyncio.sleep(0)
                        holds = {**known.inside, new_id(): NOON}
                        await unit.watches.save((msgspec.structs.replace(known, inside=holds),))
                        await unit.commit()
                except Conflict:
                    continue
                return

        await asyncio.gather(*(count_one_more() for _ in range(4)))
        async with units(organisation_id) as unit:
            assert len((await unit.watches.load((BUS,)))[BUS].inside) == 4


class AlertQueriesContract(WithOrganisations):
    """Needs the fixtures `organisations`, `units` and `alert_queries`."""

    async def _fill(self, units: Units, organisation_id: OrganisationId) -> list[Alert]:
        """Six alerts, the last one first; one is resolved, two are acknowledged."""
        made = [an_alert(minutes, vehicle_id=VehicleId(minutes % 2)) for minutes in range(5)]
        made.append(an_alert(4, severity=Severity.CRITICAL))
        async with units(organisation_id) as unit:
            await unit.alerts.save(made)
            await unit.commit()
        made[0] = next_version(made[0])
        for number in (1, 2):
            said = acknowledge(made[number], Said(NOON + 60 * MINUTE, "operator"))
            made[number] = msgspec.structs.replace(said, version=1)
        async with units(organisation_id) as unit:
            await unit.alerts.save(made[:3])
            await unit.commit()
        return sorted(made, key=lambda alert: (alert.raised_at, alert.id), reverse=True)

    async def _walk(
        self, alert_queries: AlertQueries, organisation_id: OrganisationId, where: AlertFilter, limit: int
    ) -> list[AlertView]:
        seen, cursor = list[AlertView](), None
        while True:
            page = await alert_queries.alerts(organisation_id, where, PageRequest(limit, cursor))
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                return seen

    async def test_alerts_come_newest_first_in_pages(
        self, units: Units, alert_queries: AlertQueries, organisation_id: OrganisationId
    ) -> None:
        made = await self._fill(units, organisation_id)
        for limit in (1, 4, 6):
            seen = await self._walk(alert_queries, organisation_id, AlertFilter(), limit)
            assert seen == [alert_view(alert) for alert in made]
        assert await alert_queries.alert(organisation_id, made[3].id) == alert_view(made[3])

    async def test_alerts_are_narrowed(
        self, units: Units, alert_queries: AlertQueries, organisation_id: OrganisationId
    ) -> None:
        made = await self._fill(units, organisation_id)
        middle = TimeRange(NOON + MINUTE, NOON + 3 * MINUTE)
        cases = {
            AlertFilter(state="acknowledged"): [one for one in made if one.state is AlertState.ACKNOWLEDGED],
            AlertFilter(severity="critical"): [one for one in made if one.severity is Severity.CRITICAL],
            AlertFilter(rule_id=made[2].rule_id): [made[2]],
            AlertFilter(vehicle_id=1): [one for one in made if one.vehicle_id == 1],
            AlertFilter(raised=middle): [one for one in made if one.raised_at in middle],
        }
        for where, expected in cases.items():
            assert expected
            found = await self._walk(alert_queries, organisation_id, where, 50)
            assert found == [alert_view(alert) for alert in expected], where

    async def test_the_summary_counts_states_and_severities(
        self, units: Units, alert_queries: AlertQueries, organisation_id: OrganisationId
    ) -> None:
        assert list(await alert_queries.summary(organisation_id)) == []
        await self._fill(units, organisation_id)
        assert list(await alert_queries.summary(organisation_id)) == [
            AlertCount("acknowledged", "warning", 2),
            AlertCount("raised", "critical", 1),
            AlertCount("raised", "warning", 2),
            AlertCount("resolved", "warning", 1),
        ]

    async def test_rules_come_last_changed_first(
        self, units: Units, alert_queries: AlertQueries, organisation_id: OrganisationId
    ) -> None:
        rules = [a_rule(minutes) for minutes in (2, 1, 0)]
        async with units(organisation_id) as unit:
            for rule in rules:
                await unit.alert_rules.save(rule)
            await unit.commit()
        first = await alert_queries.rules(organisation_id, PageRequest(limit=2))
        rest = await alert_queries.rules(organisation_id, PageRequest(2, first.next_cursor))
        assert [*first.items, *rest.items] == [rule_view(rule) for rule in rules]
        assert rest.next_cursor is None
        assert await alert_queries.rule(organisation_id, rules[1].id) == rule_view(rules[1])

    async def test_what_is_not_there_is_not_found(
        self,
        units: Units,
        alert_queries: AlertQueries,
        organisation_id: OrganisationId,
        new_organisation: NewOrganisation,
    ) -> None:
        made, stranger = await self._fill(units, organisation_id), await new_organisation()
        with pytest.raises(NotFound):
            await alert_queries.alert(stranger, made[0].id)
        with pytest.raises(NotFound):
            await alert_queries.rule(stranger, new_id())
        assert (await alert_queries.alerts(stranger, AlertFilter(), PageRequest())).items == []
        with pytest.raises(InvalidValue):
            await alert_queries.alerts(stranger, AlertFilter(), PageRequest(cursor="e30"))
