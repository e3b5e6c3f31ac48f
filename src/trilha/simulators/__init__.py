"""Honest HTTP servers in the wire formats of the outside systems, for the demo, the tests and the benchmarks."""
