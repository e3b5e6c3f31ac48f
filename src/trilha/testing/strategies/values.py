"""Values of the kernel, and those that everything is made of."""

import zoneinfo
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from trilha.domain.kernel import GeoPoint, RejectedRecord, TimeRange

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 2**31 - 1

Strategy = st.SearchStrategy

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
ACCENTED = st.sampled_from("aAáÁãçÇéÊíóõÔúü ñß%_\\'\"-.1")


def texts(max_size: int = 40) -> Strategy[str]:
    """Any text that can be stored."""
    return st.text(CHARACTERS, max_size=max_size)


def names(max_size: int = 40) -> Strategy[str]:
    """Texts that people and adapters trip over: accents, case, spaces, quotes, wildcards; sometimes anything."""
    return st.text(ACCENTED | CHARACTERS, min_size=1, max_size=max_size).filter(lambda text: bool(text.strip()))


def source_ids() -> Strategy[int]:
    """Signed 64-bit integers, the extremes and those that collide as doubles included."""
    corners = [-(2**63), 2**63 - 1, -1, 0, 1, 2**53, 2**53 + 1, -(2**53) - 1]
    return st.sampled_from(corners) | st.integers(-(2**63), 2**63 - 1)


def instants(earliest: datetime = EARLIEST, latest: datetime = LATEST) -> Strategy[datetime]:
    """Aware UTC times."""
    naive = st.datetimes(earliest.replace(tzinfo=None), latest.replace(tzinfo=None))
    return naive.map(lambda moment: moment.replace(tzinfo=UTC))


def time_zones() -> Strategy[ZoneInfo]:
    """IANA zones known to this machine."""
    return st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)


@st.composite
def time_ranges(draw: st.DrawFn) -> TimeRange:
    """Ranges, open and empty ones too."""
    start = draw(st.none() | instants())
    end = draw(st.none() | instants(start or EARLIEST))
    return TimeRange(start, end)


def geo_points() -> Strategy[GeoPoint]:
    """Positions on the whole earth."""
    return st.builds(GeoPoint, latitude_deg=degrees(90), longitude_deg=degrees(180))


def uuids7() -> Strategy[UUID]:
    """UUIDs of version 7."""
    return st.integers(0, 2**128 - 1).map(
        lambda bits: UUID(int=(bits & ~((0xF << 76) | (0x3 << 62))) | (7 << 76) | (2 << 62))
    )


def degrees(limit: float) -> Strategy[float]:
    """Degrees from -`limit` to `limit`."""
    return st.floats(-limit, limit, allow_nan=False)


def numbers() -> Strategy[float]:
    """Any number that JSON and databases have."""
    return st.floats(allow_nan=False, allow_infinity=False)


def rejected_records() -> Strategy[RejectedRecord]:
    """Records that could not be understood."""
    return st.builds(
        RejectedRecord,
        position=st.integers(0, LARGEST_COUNT),
        reason=st.sampled_from(["malformed", "id_out_of_range", "missing_field"]),
        detail=texts(),
        raw=st.binary(max_size=100),
    )
