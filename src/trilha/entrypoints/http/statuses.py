"""Which refusal is answered by which status: data. A test walks every domain error and finds it here.

422 is kept for a key used again with another body; what cannot be read at all is a 400.
"""

from collections.abc import Mapping
from types import MappingProxyType

STATUS_OF_CODE: Mapping[str, int] = MappingProxyType(
    {
        "error": 500,
        "invalid_value": 400,
        "not_found": 404,
        "conflict": 409,
        "areas.crossing_rings": 400,
        "areas.malformed": 400,
        "identity.email_looks_alike": 400,
        "identity.email_refused": 400,
        "identity.last_admin": 409,
        "identity.membership_refused": 409,
        "identity.not_permitted": 403,
        "identity.password_refused": 400,
        "identity.role_too_high": 403,
        "lease.lost": 409,
        "live.past": 410,
        "monitoring.features_refused": 400,
        "monitoring.geofence_changed_since": 409,
        "monitoring.geofence_in_use": 409,
        "monitoring.too_many_geofences": 409,
        "operations.letter_settled": 409,
        "performance.range_too_long": 400,
        "reporting.file_expired": 410,
        "reporting.job_ended": 409,
        "reporting.not_done": 409,
        "reporting.too_long_use_a_job": 400,
        "reporting.too_many_schedules": 409,
        "reporting.too_many_waiting": 409,
        "telemetry.already_settled": 409,
        "telemetry.backfill_ended": 409,
        "telemetry.backfill_under_way": 409,
        "telemetry.clocks_differ": 502,
        "telemetry.still_unreadable": 409,
        "telemetry.stream_stuck": 502,
        "idempotency.key_reused": 422,
        "idempotency.still_running": 409,
        "reporting.document_too_long": 400,
        "storage.unavailable": 503,
        "bus.error": 503,
        "bus.unavailable": 503,
        "bus.stream_mismatch": 503,
        "postgres.refused": 503,
        "postgres.too_old": 503,
        "postgres.role_too_powerful": 503,
        "postgres.schema_behind": 503,
        "postgres.schema_ahead": 503,
        "gpx_refused": 400,
        "malformed_gpx": 400,
        "malformed_polyline": 400,
        "fleet.source_answered_nothing": 502,
        "source.error": 502,
        "source.unavailable": 503,
        "source.refused": 502,
        "source.not_permitted": 403,
        "source.token_too_old": 409,
    }
)

RETRY_AFTER_S = 5
"""What a client is asked to wait after a 503: servers that restart are usually back by then."""
