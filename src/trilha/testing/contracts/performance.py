"""The contracts of PerformanceChoices and PrintedForms."""

from datetime import date, datetime, timedelta

import msgspec
import pytest

from trilha.application.ports import PerformanceUnitOfWork, UnitsOfWork
from trilha.domain.kernel import Conflict, DayRange, DriverId, EventTypeId, OrganisationId
from trilha.domain.performance import (
    Correction,
    GuidanceForm,
    GuidanceLine,
    GuidanceTexts,
    Measure,
    PerformanceSettings,
    PrintedCount,
    PrintedForm,
    ScorePolicy,
    ScoreRule,
    Severity,
    SeverityThresholds,
)
from trilha.testing.contracts.fresh import NOON, NewOrganisation, WithOrganisations, new_id

Units = UnitsOfWork[PerformanceUnitOfWork]
DRIVER = DriverId(2**63 - 1)
NOVEMBER = DayRange(date(2025, 11, 1), date(2025, 11, 9))
OCTOBER = DayRange(date(2025, 10, 1), date(2025, 10, 31))
SETTINGS = PerformanceSettings(
    version=1, city="Brasília 🚌", guidance=GuidanceTexts(pt_br="{driver}", en="x"), severity=SeverityThresholds(1, 9)
)
POLICY = ScorePolicy(
    rules=(
        ScoreRule(
            key="speeding", measure=Measure.PERCENT_OF_TIME, weight=0.1, cap=30, event_types=(EventTypeId(-(2**63)),)
        ),
        ScoreRule(key="others", measure=Measure.PER_100_KM, weight=1, cap=10, classification="driving_infraction"),
    ),
    min_distance_km=12.5,
    version=1,
)


def a_form(driver_id: DriverId = DRIVER, analysed: DayRange = NOVEMBER, printed_at: datetime = NOON) -> PrintedForm:
    """One with a correction and names that are not plain."""
    form = GuidanceForm(
        language="pt-BR",
        company="Viação \u202eEsquerda",
        city="Brasília",
        driver_name="José 🚌 'Zé' da Silva",
        badge=None,
        guided_on=analysed.last,
        analysed=analysed,
        columns=(analysed,),
        lines=(GuidanceLine("Freada brusca", (3,), 3, Severity.MEDIUM),),
        column_totals=(3,),
        total=3,
        guidance="Texto\nem duas linhas",
        data_version="0123456789ab",
        made_at=printed_at,
        time_zone="America/Sao_Paulo",
        corrections=(Correction("Freada brusca", analysed, 4, 3),),
        corrects_version="ba9876543210",
        corrects_printed_at=NOON - timedelta(days=1),
    )
    counts = (PrintedCount(EventTypeId(-(2**63)), "Freada brusca", analysed, 3),)
    return PrintedForm(id=new_id(), driver_id=driver_id, form=form, counts=counts, printed_at=printed_at)


class PerformanceChoicesContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def test_what_was_decided_last_is_in_force(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        """And only in its own organisation."""
        async with units(organisation_id) as unit:
            assert await unit.performance_choices.settings() is None
            assert await unit.performance_choices.score_policy() is None
        second = msgspec.structs.replace(SETTINGS, version=2, city="")
        for settings in (SETTINGS, second):
            async with units(organisation_id) as unit:
                await unit.performance_choices.save_settings(settings, NOON)
                assert await unit.performance_choices.settings() == settings
                await unit.commit()
        async with units(organisation_id) as unit:
            await unit.performance_choices.save_score_policy(POLICY, NOON)
            await unit.commit()
        async with units(organisation_id) as unit:
            assert await unit.performance_choices.settings() == second
            assert await unit.performance_choices.score_policy() == POLICY
        async with units(await new_organisation()) as unit:
            assert await unit.performance_choices.settings() is None

    @pytest.mark.parametrize("version", [0, 2])
    async def test_a_version_that_does_not_follow_is_refused(
        self, units: Units, organisation_id: OrganisationId, version: int
    ) -> None:
        async with units(organisation_id) as unit:
            with pytest.raises(Conflict):
                await unit.performance_choices.save_settings(msgspec.structs.replace(SETTINGS, version=version), NOON)
        async with units(organisation_id) as unit:
            with pytest.raises(Conflict):
                await unit.performance_choices.save_score_policy(msgspec.structs.replace(POLICY, version=version), NOON)

    async def test_nobody_writes_over_what_was_decided(self, units: Units, organisation_id: OrganisationId) -> None:
        async with units(organisation_id) as unit:
            await unit.performance_choices.save_score_policy(POLICY, NOON)
            await unit.commit()
        async with units(organisation_id) as unit:
            with pytest.raises(Conflict):
                await unit.performance_choices.save_score_policy(
                    msgspec.structs.replace(POLICY, min_distance_km=1), NOON
                )
        async with units(organisation_id) as unit:
            assert await unit.performance_choices.score_policy() == POLICY


class PrintedFormsContract(WithOrganisations):
    """Needs the fixtures `organisations` and `units`."""

    async def _keep(self, units: Units, organisation_id: OrganisationId, *forms: PrintedForm) -> None:
        async with units(organisation_id) as unit:
            for form in forms:
                await unit.printed_forms.add(form)
            await unit.commit()

    async def test_a_form_comes_back_exactly(
        self, units: Units, organisation_id: OrganisationId, new_organisation: NewOrganisation
    ) -> None:
        form = a_form()
        await self._keep(units, organisation_id, form)
        async with units(organisation_id) as unit:
            assert await unit.printed_forms.get(form.id) == form
            assert await unit.printed_forms.get(new_id()) is None
        async with units(await new_organisation()) as unit:
            assert await unit.printed_forms.get(form.id) is None
            assert await unit.printed_forms.last(DRIVER, NOVEMBER) is None

    async def test_the_last_one_is_of_the_same_driver_and_days(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        first, second = a_form(), a_form(printed_at=NOON + timedelta(minutes=1))
        other_days = a_form(analysed=OCTOBER, printed_at=NOON + timedelta(minutes=2))
        other_driver = a_form(DriverId(5), printed_at=NOON + timedelta(minutes=3))
        await self._keep(units, organisation_id, second, first, other_days, other_driver)
        async with units(organisation_id) as unit:
            assert await unit.printed_forms.last(DRIVER, NOVEMBER) == second
            assert await unit.printed_forms.last(DRIVER, OCTOBER) == other_days
            assert await unit.printed_forms.last(DriverId(5), OCTOBER) is None

    async def test_forms_of_a_driver_come_newest_first_and_go_on_where_they_stopped(
        self, units: Units, organisation_id: OrganisationId
    ) -> None:
        """Some of them printed at the same moment."""
        forms = [a_form(printed_at=NOON + timedelta(minutes=number // 2)) for number in range(5)]
        await self._keep(units, organisation_id, *forms, a_form(DriverId(5)))
        newest = sorted(forms, key=lambda one: (one.printed_at, one.id), reverse=True)
        async with units(organisation_id) as unit:
            assert list(await unit.printed_forms.of_driver(DRIVER, 9)) == newest
            assert list(await unit.printed_forms.of_driver(DRIVER, 2)) == newest[:2]
            after = (newest[1].printed_at, newest[1].id)
            assert list(await unit.printed_forms.of_driver(DRIVER, 9, after)) == newest[2:]
