"""Every value of the domain, valid by construction and unrestricted by default (`hypothesis`).

Texts leave out U+0000 and lone surrogates, which no database and no UTF-8 can hold.
"""

from hypothesis import strategies as st

from trilha.domain.fleet import EventTypeClassified, MasterDataSynced
from trilha.testing.strategies.alerts import alert_rules, alerts, conditions, evidence, vehicle_watches
from trilha.testing.strategies.areas import areas, circles, corridors, polygons
from trilha.testing.strategies.fleet import (
    classification_changes,
    drivers,
    event_types,
    fleet_events,
    groups,
    master_kinds,
    master_records,
    vehicles,
)
from trilha.testing.strategies.identity import organisation_sources, organisations
from trilha.testing.strategies.ingestion import (
    TelemetryFact,
    amendments,
    backfills,
    checkpoints,
    gaps,
    ingestion_runs,
    merge_outcomes,
    quarantine_entries,
    telemetry_facts,
)
from trilha.testing.strategies.maintenance import (
    MaintenanceFact,
    maintenance_events,
    maintenance_plans,
    service_records,
)
from trilha.testing.strategies.monitoring import GeofenceFact, geofence_contents, geofence_events, geofences, visits
from trilha.testing.strategies.ports import envelopes, job_rows, leases, source_tokens
from trilha.testing.strategies.records import (
    positions,
    raw_pages,
    records_of,
    source_pages,
    sub_trips,
    telemetry_events,
    trips,
)
from trilha.testing.strategies.tracks import track_points
from trilha.testing.strategies.values import (
    Strategy,
    geo_points,
    instants,
    names,
    rejected_records,
    source_ids,
    texts,
    time_ranges,
    time_zones,
    uuids7,
)

__all__ = [
    "alert_rules",
    "alerts",
    "amendments",
    "areas",
    "backfills",
    "checkpoints",
    "circles",
    "classification_changes",
    "conditions",
    "corridors",
    "domain_events",
    "drivers",
    "envelopes",
    "event_types",
    "evidence",
    "gaps",
    "geo_points",
    "geofence_contents",
    "geofences",
    "groups",
    "ingestion_runs",
    "instants",
    "job_rows",
    "leases",
    "maintenance_plans",
    "master_kinds",
    "master_records",
    "merge_outcomes",
    "names",
    "organisation_sources",
    "organisations",
    "polygons",
    "positions",
    "quarantine_entries",
    "raw_pages",
    "records_of",
    "rejected_records",
    "service_records",
    "source_ids",
    "source_pages",
    "source_tokens",
    "sub_trips",
    "telemetry_events",
    "texts",
    "time_ranges",
    "time_zones",
    "track_points",
    "trips",
    "uuids7",
    "vehicle_watches",
    "vehicles",
    "visits",
]


def domain_events() -> Strategy[
    TelemetryFact | MasterDataSynced | EventTypeClassified | GeofenceFact | MaintenanceFact
]:
    """Every domain event."""
    return st.one_of(telemetry_facts(), fleet_events(), geofence_events(), maintenance_events())
