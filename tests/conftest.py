"""How long hypothesis looks: `ci` on every change, `soak` on purpose."""

from hypothesis import HealthCheck, settings

_ANY_MACHINE = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("ci", max_examples=60, **_ANY_MACHINE)
settings.register_profile("soak", max_examples=2_000, stateful_step_count=200, **_ANY_MACHINE)
settings.load_profile("ci")
