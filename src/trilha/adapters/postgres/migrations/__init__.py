"""The history of the schema: forward only, each step once."""
