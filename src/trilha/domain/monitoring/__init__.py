"""Monitoring: what to be told about while it happens. Geofences, the visits to them, alert rules, alerts."""

from trilha.domain.monitoring.events import GeofenceChanged, GeofenceCreated, GeofenceDeleted
from trilha.domain.monitoring.geofences import (
    MOST_GEOFENCES,
    Geofence,
    GeofenceChangedSince,
    GeofenceContent,
    GeofenceInUse,
    TooManyGeofences,
    change_geofence,
    delete_geofence,
    new_geofences,
)
from trilha.domain.monitoring.ports import Geofences, Visits
from trilha.domain.monitoring.visits import Departure, Passage, Visit

__all__ = [
    "MOST_GEOFENCES",
    "Departure",
    "Geofence",
    "GeofenceChanged",
    "GeofenceChangedSince",
    "GeofenceContent",
    "GeofenceCreated",
    "GeofenceDeleted",
    "GeofenceInUse",
    "Geofences",
    "Passage",
    "TooManyGeofences",
    "Visit",
    "Visits",
    "change_geofence",
    "delete_geofence",
    "new_geofences",
]
