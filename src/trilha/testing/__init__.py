"""The published test kit: write an adapter, and let these tests tell you when it is done.

`contracts` holds one suite a port, to inherit from; `strategies` makes every value of the domain; `simulation` runs the
whole platform in memory under injected faults. Needs `pip install 'trilha[testing]'`; importing this package alone
brings in nothing, because the pytest plugin lives here and must not slow anybody's test run.
"""

__all__ = ["contracts", "plugin", "simulation", "strategies"]
