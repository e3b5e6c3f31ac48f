"""Monitoring: what to be told about while it happens. Geofences, the visits to them, alert rules, alerts."""

__all__: list[str] = []
