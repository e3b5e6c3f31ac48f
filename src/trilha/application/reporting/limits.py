"""How much of a report is made at once, and how many are made later."""

from datetime import timedelta

import msgspec


class ReportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """`direct_rows` are answered at once in any format but JSON, which programs read whole and has fewer."""

    direct_rows: int = 100_000
    json_rows: int = 10_000
    longest_days: int = 366
    waiting_jobs: int = 50
    kept: timedelta = timedelta(days=7)
    """How long what a job has made can be fetched."""
