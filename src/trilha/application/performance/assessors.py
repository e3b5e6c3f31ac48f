"""Scoring by the policy that was asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from trilha.application.performance.choices import Units, policy_in_force
from trilha.application.performance.stock_policies import GEOTAB, MIX_RAG
from trilha.domain.kernel import EventTypeId, OrganisationId
from trilha.domain.performance import (
    Assessment,
    Conduct,
    EventKind,
    PolicyName,
    Rated,
    geotab_score,
    rag_score,
    score,
)


class Assessor(msgspec.Struct, frozen=True):
    """Scores conducts by one policy; `event_types` are all that it looks at."""

    name: PolicyName
    event_types: tuple[EventTypeId, ...]
    assess: Callable[[Rated, Conduct], Assessment]
    min_distance_km: float
    version: int


async def assessor(
    units: Units,
    organisation_id: OrganisationId,
    name: PolicyName,
    kinds: Sequence[EventKind],
    min_distance_km: float | None = None,
) -> Assessor:
    """The organisation's own policy, or the one that customers know; with another minimum distance if one is given."""
    change: Mapping[str, float] = {} if min_distance_km is None else {"min_distance_km": min_distance_km}
    match name:
        case PolicyName.MIX_RAG:
            rag = msgspec.structs.replace(MIX_RAG, **change)
            types = _types(rule.event_types for rule in rag.rules)
            return Assessor(name, types, lambda who, did: rag_score(who, did, rag), rag.min_distance_km, 0)
        case PolicyName.GEOTAB:
            geotab = msgspec.structs.replace(GEOTAB, **change)
            types = _types(rule.event_types for rule in geotab.rules)
            return Assessor(name, types, lambda who, did: geotab_score(who, did, geotab), geotab.min_distance_km, 0)
        case PolicyName.TRILHA:
            async with units(organisation_id) as unit:
                own = msgspec.structs.replace((await policy_in_force(unit)).resolved(kinds), **change)
            types = _types(rule.event_types for rule in own.rules)
            return Assessor(name, types, lambda who, did: score(who, did, own), own.min_distance_km, own.version)


def _types(rules: Iterable[tuple[EventTypeId, ...]]) -> tuple[EventTypeId, ...]:
    return tuple(dict.fromkeys(one for event_types in rules for one in event_types))
