"""Use cases of monitoring: geofences, alert rules, alerts."""
