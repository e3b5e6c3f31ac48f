"""No secret in a log, in an error, or in the variables that a rich traceback shows."""

import logging
import traceback
from datetime import timedelta

import msgspec
import pytest

from trilha.adapters.mix import ClientAuth
from trilha.domain.kernel import SourceError
from trilha.domain.telemetry import Stream
from trilha.simulators.mix import Fault, FaultKind, Route
from trilha.simulators.mix.messages import Response

WRONG = "wrong-pass&phrase"
STAYING = [
    Fault(kind=FaultKind.SERVER_ERROR, times=99),
    Fault(kind=FaultKind.UNAUTHORIZED, times=99),
    Fault(kind=FaultKind.FORBIDDEN, times=99),
    Fault(kind=FaultKind.TOO_MANY_REQUESTS, retry_after_s=1, times=99),
    Fault(kind=FaultKind.CUT_BODY, times=99),
    Fault(kind=FaultKind.TRUNCATED_JSON, times=99),
    Fault(kind=FaultKind.CUT_BODY, route=Route.TOKEN, times=99),
    Fault(kind=FaultKind.HTML, times=99),
    Fault(kind=FaultKind.SERVER_ERROR, route=Route.TOKEN, times=99),
]


def told(error, caplog) -> str:
    """Everything that a person could come to see: log lines with their extras, errors and the variables around them."""
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    while error is not None:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        ours = [frame for frame in frames if "trilha/adapters" in frame.f_code.co_filename]
        assert ours
        lines += [repr(error), str(error), repr(vars(error)), *(repr(frame.f_locals) for frame in ours)]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


@pytest.fixture
def secrets_of(settings, database):
    """All that must not be seen: the credentials, and every token given out."""

    def collect(credentials=settings.credentials):
        tokens = [text for token in database.tokens.values() for text in (token.access_token, token.refresh_token)]
        return [credentials.client_secret, credentials.username, credentials.password, *filter(None, tokens)]

    return collect


@pytest.fixture(params=list(ClientAuth))
def settings(settings, request):
    return msgspec.structs.replace(settings, client_auth=request.param)


@pytest.mark.parametrize("fault", STAYING, ids=lambda fault: f"{fault.kind}-{fault.route}")
async def test_nothing_is_told_when_calls_fail(open_client, simulator, organisation, clock, caplog, secrets_of, fault):
    caplog.set_level(logging.DEBUG)
    async with open_client() as mix:
        await mix.organisations()
        before = secrets_of()
        clock.advance(timedelta(hours=1))
        simulator.faults.add(fault)
        with pytest.raises(SourceError) as caught:
            await mix.drivers(organisation)
    text = told(caught.value, caplog)
    assert not [secret for secret in {*before, *secrets_of()} if secret in text]


@pytest.mark.parametrize("wrong", ["client_secret", "username", "password"])
async def test_nothing_is_told_when_the_credentials_are_wrong(open_client, settings, caplog, secrets_of, wrong):
    caplog.set_level(logging.DEBUG)
    credentials = msgspec.structs.replace(settings.credentials, **{wrong: WRONG})
    chosen = msgspec.structs.replace(settings, credentials=credentials)
    async with open_client(chosen) as mix:
        with pytest.raises(SourceError) as caught:
            await mix.organisations()
    text = told(caught.value, caplog)
    assert "TRILHA_MIX_" in text
    assert not [secret for secret in secrets_of(credentials) if secret in text]


async def test_an_answer_that_repeats_our_secrets_is_redacted(
    mix, settings, organisation, caplog, secrets_of, monkeypatch, simulator
):
    """A careless proxy may show the whole request in its error page."""
    caplog.set_level(logging.DEBUG)
    await mix.organisations()
    echo = " ".join(["You sent", *secrets_of(), "of maria@viacao.example"]).encode()
    monkeypatch.setattr(simulator._api, "answer", lambda *_: Response(418, echo, "text/plain"))
    with pytest.raises(SourceError, match=r"418.*You sent \[hidden\]") as caught:
        await mix.drivers(organisation)
    text = told(caught.value, caplog)
    assert not [secret for secret in (*secrets_of(), "maria@") if secret in text]


async def test_nothing_is_told_when_all_goes_well(mix, organisation, since, caplog, secrets_of, clock):
    caplog.set_level(logging.DEBUG)
    await mix.page_since(Stream.EVENTS, organisation, since, urgent=False)
    clock.advance(timedelta(hours=1))
    drivers = await mix.drivers(organisation)
    text = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "mix.token_renewed" in text
    names = [driver.name for driver in drivers.records if driver.is_person]
    assert not [word for word in (*secrets_of(), *names) if word in text]
