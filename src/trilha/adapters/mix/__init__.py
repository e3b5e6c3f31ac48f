"""MiX Integrate (MiX Telematics): the client of its REST API, as FleetSource and TelemetrySource.

Needs the extra `mix`. Open it with `open_mix`; the simulator is just another pair of addresses. `MixPages` reads kept
answers without asking anybody.
"""

from trilha.adapters.mix.client import MixClient, open_mix
from trilha.adapters.mix.pages import MixPages
from trilha.adapters.mix.settings import (
    ClientAuth,
    MixCredentials,
    MixHosts,
    MixSettings,
    Region,
    RetryPolicy,
    Timeouts,
)

__all__ = [
    "ClientAuth",
    "MixClient",
    "MixCredentials",
    "MixHosts",
    "MixPages",
    "MixSettings",
    "Region",
    "RetryPolicy",
    "Timeouts",
    "open_mix",
]
