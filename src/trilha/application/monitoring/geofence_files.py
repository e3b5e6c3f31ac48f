"""Geofences as files: GeoJSON in and out. What is written can be read again, by others too."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trilha.domain.areas import MalformedArea, area_from_geojson, area_to_geojson
from trilha.domain.kernel import DomainError, InvalidValue
from trilha.domain.monitoring import Geofence, GeofenceContent

MOST_REFUSALS = 10
"""So many are told at once; a file of the wrong kind has one for each feature."""


class FeatureRefusal(msgspec.Struct, frozen=True):
    """Why a feature, counted from 1, cannot be a geofence."""

    feature: int
    message: str
    code: str


class FeaturesRefused(DomainError, ValueError):
    """A file of which some features cannot be geofences, so that none of them became one."""

    code = "monitoring.features_refused"

    def __init__(self, refusals: tuple[FeatureRefusal, ...], features: int) -> None:
        told = "; ".join(f"feature {one.feature}: {one.message}" for one in refusals[:MOST_REFUSALS])
        more = f"; and {len(refusals) - MOST_REFUSALS} more" if len(refusals) > MOST_REFUSALS else ""
        super().__init__(f"{len(refusals)} of {features} features cannot be geofences: {told}{more}")
        self.refusals = refusals[:MOST_REFUSALS]


def read_features(document: object) -> tuple[GeofenceContent, ...]:
    """What a decoded FeatureCollection, or a single Feature, says. All or nothing.

    `properties` have the `name`, and may have `description`, `color` and `active`, `radius_m` for a Point and
    `half_width_m` for a LineString; others are left out. Raises MalformedArea for another document, FeaturesRefused.
    """
    features = _features_of(document)
    contents: list[GeofenceContent] = []
    refusals: list[FeatureRefusal] = []
    for number, feature in enumerate(features, start=1):
        try:
            contents.append(_content_of(feature))
        except (DomainError, msgspec.ValidationError) as error:
            code = error.code if isinstance(error, DomainError) else InvalidValue.code
            refusals.append(FeatureRefusal(number, str(error), code))
    if refusals:
        raise FeaturesRefused(tuple(refusals), len(features))
    return tuple(contents)


def write_features(fences: Iterable[Geofence]) -> dict[str, Any]:
    """A FeatureCollection as a plain dictionary."""
    return {"type": "FeatureCollection", "features": [write_feature(fence) for fence in fences]}


def write_feature(fence: Geofence) -> dict[str, Any]:
    """A Feature with the geofence's id and what was decided about it."""
    content = fence.content
    properties: dict[str, object] = {
        "name": content.name,
        "description": content.description,
        "color": content.color,
        "active": content.active,
    }
    return {"id": str(fence.id), **area_to_geojson(content.area, properties)}


class _Properties(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    color: str | None = None
    active: bool = True


def _features_of(document: object) -> list[object]:
    match document:
        case {"type": "FeatureCollection", "features": list(features)} if features:
            return features
        case {"type": "FeatureCollection"}:
            raise MalformedArea("the collection has no features; expected one or more")
        case {"type": "Feature"}:
            return [document]
        case _:
            raise MalformedArea("the document is no GeoJSON; expected a FeatureCollection of geofences")


def _content_of(feature: object) -> GeofenceContent:
    given = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(given, Mapping) or "name" not in given:
        raise MalformedArea("the properties have no name; expected what people call the geofence")
    # a color of null and an empty description are what other programs write for none
    known = msgspec.convert({key: value for key, value in given.items() if value not in (None, "")}, _Properties)
    return GeofenceContent(
        name=known.name,
        description=known.description,
        color=None if known.color is None else known.color.lower(),
        active=known.active,
        area=area_from_geojson(feature),
    )
