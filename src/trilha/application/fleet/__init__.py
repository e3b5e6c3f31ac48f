"""Use cases of the fleet."""
