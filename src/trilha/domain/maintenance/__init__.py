"""Maintenance: what a vehicle is due for, by distance, by hours of the engine, by date."""

__all__: list[str] = []
