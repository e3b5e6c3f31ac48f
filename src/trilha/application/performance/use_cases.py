"""Everything that one can ask of performance, put together once."""

import msgspec

from trilha.application.performance.choices import (
    DecideScorePolicy,
    DecideSettings,
    ShowScorePolicy,
    ShowSettings,
    Units,
)
from trilha.application.performance.guidance_forms import (
    FindGuidanceForm,
    ListGuidanceForms,
    PreviewGuidanceForm,
    PrintGuidanceForm,
)
from trilha.application.performance.infractions import CountInfractions
from trilha.application.performance.scores import AssessDriver, RankDrivers
from trilha.application.performance.shelf import Shelf
from trilha.application.performance.work_days import ShowWorkDays
from trilha.application.ports import Clock, IdSource
from trilha.domain.identity import Organisations
from trilha.domain.performance import Depot, DrivingRecords, FormPrinter, Roster


class PerformanceUseCases(msgspec.Struct, frozen=True, kw_only=True):
    """The use cases, and who prints forms."""

    count_infractions: CountInfractions
    preview_form: PreviewGuidanceForm
    print_form: PrintGuidanceForm
    find_form: FindGuidanceForm
    list_forms: ListGuidanceForms
    assess_driver: AssessDriver
    rank_drivers: RankDrivers
    work_days: ShowWorkDays
    show_settings: ShowSettings
    decide_settings: DecideSettings
    show_score_policy: ShowScorePolicy
    decide_score_policy: DecideScorePolicy
    printer: FormPrinter


def performance_use_cases(
    *,
    records: DrivingRecords,
    roster: Roster,
    depot: Depot,
    organisations: Organisations,
    units: Units,
    clock: Clock,
    ids: IdSource,
    printer: FormPrinter,
) -> PerformanceUseCases:
    """Over the ports that they share."""
    shelf = Shelf(records=records, roster=roster, depot=depot, organisations=organisations, units=units, clock=clock)
    count = CountInfractions(shelf)
    return PerformanceUseCases(
        count_infractions=count,
        preview_form=PreviewGuidanceForm(count=count, units=units),
        print_form=PrintGuidanceForm(count=count, units=units, ids=ids),
        find_form=FindGuidanceForm(units=units),
        list_forms=ListGuidanceForms(units=units, roster=roster),
        assess_driver=AssessDriver(shelf),
        rank_drivers=RankDrivers(shelf),
        work_days=ShowWorkDays(shelf),
        show_settings=ShowSettings(units=units),
        decide_settings=DecideSettings(units=units, clock=clock),
        show_score_policy=ShowScorePolicy(units=units),
        decide_score_policy=DecideScorePolicy(units=units, clock=clock),
        printer=printer,
    )
