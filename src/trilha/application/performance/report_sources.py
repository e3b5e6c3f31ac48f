"""The kinds of report that performance knows the rows of, by name, for reporting to bind."""

from collections.abc import Mapping

from trilha.application.performance.choices import Units
from trilha.application.performance.infractions import CountInfractions
from trilha.application.performance.report_counts import GroupInfractionsSource, InfractionsSource, RankingSource
from trilha.application.performance.report_days import (
    DriverDaysSource,
    IdlingSource,
    StopsSource,
    TripsSource,
    UtilisationSource,
    VehicleDaysSource,
)
from trilha.application.performance.scores import RankDrivers
from trilha.application.performance.shelf import Shelf
from trilha.application.ports import Clock
from trilha.domain.identity import Organisations
from trilha.domain.performance import Depot, DrivingRecords, Roster
from trilha.domain.reporting import ReportSource


def report_sources(
    *,
    records: DrivingRecords,
    roster: Roster,
    depot: Depot,
    organisations: Organisations,
    units: Units,
    clock: Clock,
) -> Mapping[str, ReportSource]:
    """Every kind with its source."""
    shelf = Shelf(records=records, roster=roster, depot=depot, organisations=organisations, units=units, clock=clock)
    return {
        "infractions": InfractionsSource(CountInfractions(shelf)),
        "group_infractions": GroupInfractionsSource(shelf),
        "ranking": RankingSource(shelf, RankDrivers(shelf)),
        "driver_days": DriverDaysSource(shelf),
        "vehicle_days": VehicleDaysSource(shelf),
        "trips": TripsSource(shelf),
        "stops": StopsSource(shelf),
        "idling": IdlingSource(shelf),
        "utilisation": UtilisationSource(shelf),
    }
