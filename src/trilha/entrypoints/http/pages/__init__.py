"""Static pages of the HTTP entry point, as package data."""
