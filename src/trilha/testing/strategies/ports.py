"""Values that the technical ports carry."""

from uuid import UUID

import msgspec
from hypothesis import strategies as st

from trilha.application.ports import Envelope, JobRow, Lease, SourceToken
from trilha.application.schedule import JOBS
from trilha.testing.strategies.values import LARGEST_COUNT, Strategy, instants, names, texts, uuids7


def leases() -> Strategy[Lease]:
    """Leases."""
    return st.builds(
        Lease,
        organisation_id=uuids7(),
        name=names(),
        holder=names(),
        fence=st.integers(1, LARGEST_COUNT),
        expires_at=instants(),
    )


def job_rows() -> Strategy[JobRow]:
    """Rows of the kinds of work there are."""
    return st.builds(
        JobRow,
        organisation_id=uuids7(),
        kind=st.sampled_from([job.kind for job in JOBS]),
        next_run_at=instants(),
        last_enqueued_at=st.none() | instants(),
    )


def source_tokens() -> Strategy[SourceToken]:
    """First access tokens."""
    return st.builds(
        SourceToken,
        access_token=names(200),
        refresh_token=st.none() | names(200),
        expires_at=instants(),
        version=st.just(1),
    )


def envelopes(organisation_ids: Strategy[UUID] | None = None) -> Strategy[Envelope]:
    """Events as they travel."""
    return st.builds(
        Envelope,
        id=uuids7(),
        type=st.just("testing.happened"),
        source=st.just("/testing"),
        subject=texts(20),
        time=instants(),
        organisationid=uuids7() if organisation_ids is None else organisation_ids,
        dataschema=st.just("/events/testing.happened/1"),
        data=st.dictionaries(texts(5), st.integers(-(2**31), 2**31), max_size=3).map(
            lambda data: msgspec.Raw(msgspec.json.encode(data))
        ),
        correlationid=st.none() | texts(20),
        causationid=st.none() | texts(20),
    )
