"""How far a vehicle has run since its last service, told by instruments that are replaced, misread or absent."""

from datetime import date

from trilha.domain.kernel import to_thousandths
from trilha.domain.maintenance.model import Basis, Driven, Odometer, OdometerTrouble, VehicleUsage

LATELY_DAYS = 30
"""How far back the average use is taken from: long enough for holidays, short enough for a new line."""
MOST_KM_A_DAY = 2_000.0
"""More than a bus can do in 24 hours; an odometer that says more was replaced, or read wrongly."""


def odometer_trouble(basis: Basis, odometer: Odometer, today: date) -> OdometerTrouble | None:
    """Whether the distance since the basis can be told by the odometer; where not, the trips have to be summed."""
    told = _by_odometer(basis, odometer, today)
    return told if isinstance(told, OdometerTrouble) else None


def measure(basis: Basis, odometer: Odometer, driven: Driven, lately: Driven, today: date) -> VehicleUsage:
    """What the vehicle has run. `driven` is since the basis, `lately` of the last LATELY_DAYS.

    Hours are always those of the trips: the source gives no meter of the engine.
    """
    told = _by_odometer(basis, odometer, today)
    trouble = told if isinstance(told, OdometerTrouble) else None
    return VehicleUsage(
        km=to_thousandths(driven.km if isinstance(told, OdometerTrouble) else told),
        engine_h=to_thousandths(driven.engine_h),
        km_a_day=lately.km / LATELY_DAYS,
        engine_h_a_day=lately.engine_h / LATELY_DAYS,
        odometer_km=odometer.now_km,
        trouble=trouble,
    )


def _by_odometer(basis: Basis, odometer: Odometer, today: date) -> float | OdometerTrouble:
    """Both readings are the source's where it has both: what the dashboard shows may be some thousand km off."""
    then = basis.odometer_km if odometer.then_km is None else odometer.then_km
    if then is None or odometer.now_km is None:
        return OdometerTrouble.ABSENT
    if odometer.now_km < then:
        return OdometerTrouble.WENT_BACK
    days = max((today - basis.since).days, 0) + 1
    return OdometerTrouble.JUMPED if odometer.now_km - then > days * MOST_KM_A_DAY else odometer.now_km - then
