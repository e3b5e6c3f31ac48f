"""The policies in force until an organisation decides otherwise, by MiX's stock event types.

Stock events have the same id in every MiX organisation and region. What a fleet has defined itself counts by its
classification.
"""

from typing import Final

from trilha.domain.fleet import Classification
from trilha.domain.kernel import EventTypeId
from trilha.domain.performance import (
    GeotabMeasure,
    GeotabPolicy,
    GeotabRule,
    Measure,
    RagMeasure,
    RagPolicy,
    RagRule,
    ScorePolicy,
    ScoreRule,
)

SPEEDING: Final = (
    EventTypeId(-3890646499157906515),  # over speeding
    EventTypeId(-2864371101042705250),  # road speed overspeeding
    EventTypeId(-4596269900191457380),  # over speeding, tiered
    EventTypeId(4360614301289230131),  # over speeding in location
)
HARSH_BRAKING: Final = (EventTypeId(4750800303282680186),)
HARSH_ACCELERATION: Final = (EventTypeId(6454149451280645233),)
HARSH_CORNERING: Final = (EventTypeId(4291175374538259638),)
OVER_REVVING: Final = (EventTypeId(-7372181092478897411),)
OUT_OF_GREEN_BAND: Final = (EventTypeId(-7417774485302453264),)
EXCESSIVE_IDLING: Final = (EventTypeId(4650840888823746694),)
NO_SEAT_BELT: Final = (EventTypeId(5160625119091753479),)


def _per_100_km(key: str, weight: float, cap: float, event_types: tuple[EventTypeId, ...] = ()) -> ScoreRule:
    return ScoreRule(key=key, measure=Measure.PER_100_KM, weight=weight, cap=cap, event_types=event_types)


TRILHA: Final = ScorePolicy(
    rules=(
        ScoreRule(key="speeding", measure=Measure.PERCENT_OF_TIME, weight=3.0, cap=30.0, event_types=SPEEDING),
        _per_100_km("harsh_braking", 2.0, 25.0, HARSH_BRAKING),
        _per_100_km("harsh_acceleration", 2.0, 15.0, HARSH_ACCELERATION),
        _per_100_km("harsh_cornering", 2.0, 20.0, HARSH_CORNERING),
        _per_100_km("no_seat_belt", 2.0, 20.0, NO_SEAT_BELT),
        _per_100_km("over_revving", 0.5, 10.0, OVER_REVVING),
        _per_100_km("out_of_green_band", 0.25, 10.0, OUT_OF_GREEN_BAND),
        _per_100_km("excessive_idling", 0.25, 5.0, EXCESSIVE_IDLING),
        ScoreRule(
            key="other_infractions",
            measure=Measure.PER_100_KM,
            weight=1.0,
            cap=10.0,
            classification=Classification.DRIVING_INFRACTION.value,
        ),
    )
)
"""What is dangerous costs most; what wears the vehicle costs little."""

MIX_RAG: Final = RagPolicy(
    rules=(
        RagRule("over_speeding", SPEEDING, RagMeasure.DURATION),
        RagRule("harsh_acceleration", HARSH_ACCELERATION),
        RagRule("harsh_braking", HARSH_BRAKING),
    )
)
"""MiX's own default of three events."""

GEOTAB: Final = GeotabPolicy(
    rules=(
        GeotabRule("harsh_acceleration", HARSH_ACCELERATION, GeotabMeasure.EVENTS, 0.10),
        GeotabRule("harsh_braking", HARSH_BRAKING, GeotabMeasure.EVENTS, 0.10),
        GeotabRule("harsh_cornering", HARSH_CORNERING, GeotabMeasure.EVENTS, 0.10),
        GeotabRule("seat_belt", NO_SEAT_BELT, GeotabMeasure.SEAT_BELT, 0.20),
        GeotabRule("speeding", SPEEDING[:1], GeotabMeasure.SHARE, 0.20),
        GeotabRule("excessive_speeding", SPEEDING[2:3], GeotabMeasure.SHARE, 0.30),
    )
)
"""Geotab's weights. Its excessive speeding is MiX's tiered over speeding, its speeding MiX's plain one."""
