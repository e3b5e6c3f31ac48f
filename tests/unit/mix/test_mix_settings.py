"""Settings hide what is secret and refuse what cannot work; redaction; waits."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from trilha.adapters.memory import SimulatedClock
from trilha.adapters.mix import MixCredentials, MixHosts, MixSettings, Region, RetryPolicy
from trilha.adapters.mix.redaction import EXCERPT_CHARACTERS, Redactor
from trilha.adapters.mix.waiting import Waiting, retry_after
from trilha.application.ports import SourceToken
from trilha.domain.kernel import InvalidValue

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
CREDENTIALS = MixCredentials("application", "c l/ient+secret", "someone@viacao.example", "pass&word")
SECRETS = (CREDENTIALS.client_secret, CREDENTIALS.username, CREDENTIALS.password)
SETTINGS = MixSettings(hosts=MixHosts.of(Region.AMERICAS), credentials=CREDENTIALS)


def test_hosts_of_a_region():
    assert MixHosts.of(Region.AMERICAS) == MixHosts(
        "https://identity.us.mixtelematics.com/core", "https://integrate.us.mixtelematics.com"
    )


@pytest.mark.parametrize("show", [repr, str, "{!r}".format, pretty_repr])
def test_no_secret_in_any_form_of_print(show):
    token = SourceToken("access-secret", "refresh-secret", NOW)
    shown = show(SETTINGS) + show(CREDENTIALS) + show(token)
    assert not [secret for secret in (*SECRETS, "access-secret", "refresh-secret") if secret in shown]


@pytest.mark.parametrize("url", ["", "integrate.example", "ftp://x", "https://", "https://user:hush@host/core"])
def test_an_address_that_cannot_work_is_refused_by_the_name_of_its_setting(url):
    with pytest.raises(InvalidValue, match="TRILHA_MIX_API_URL") as caught:
        MixHosts(identity_url="https://identity.example/core", api_url=url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("size", [0, 1001])
def test_the_page_size_is_bounded(size):
    with pytest.raises(InvalidValue, match="page_size"):
        msgspec.structs.replace(SETTINGS, page_size=size)


def test_the_key_names_the_login_and_tells_nothing():
    changed = msgspec.structs.replace(CREDENTIALS, password="new")
    other = msgspec.structs.replace(CREDENTIALS, username="another")
    assert msgspec.structs.replace(SETTINGS, credentials=changed).key == SETTINGS.key
    assert msgspec.structs.replace(SETTINGS, credentials=other).key != SETTINGS.key
    assert not [secret for secret in (*SECRETS, "viacao", "application") if secret in SETTINGS.key]


@given(st.text(), st.text(), st.sampled_from(SECRETS), st.booleans())
def test_an_excerpt_holds_no_secret(before, after, secret, encoded):
    text = before + (quote_plus(secret) if encoded else secret) + after
    excerpt = Redactor(CREDENTIALS).excerpt(text.encode("utf-8", "replace"))
    assert secret not in excerpt
    assert len(excerpt) <= EXCERPT_CHARACTERS


def test_an_excerpt_cuts_after_it_hides():
    text = "x" * (EXCERPT_CHARACTERS - 3) + CREDENTIALS.password
    assert Redactor(CREDENTIALS).excerpt(text.encode()).endswith("x[hi")


def test_an_excerpt_hides_tokens_headers_and_addresses():
    pair = b64encode(f"{CREDENTIALS.client_id}:{CREDENTIALS.client_secret}".encode()).decode()
    text = f"Bearer abc.def-1 sim-refresh-1 {pair} other.person@viacao.example"
    assert Redactor(CREDENTIALS).excerpt(text.encode(), "sim-refresh-1", None) == (
        "Bearer [hidden] [hidden] [hidden] [e-mail]"
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("-5", 60),
        ("9" * 30, 60),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after(header, NOW, timedelta(seconds=60)) == timedelta(seconds=seconds)


@given(st.text())
def test_no_retry_after_crashes(text):
    assert retry_after(text, NOW, timedelta(seconds=60)) >= timedelta(0)


@given(st.integers(1, 8), st.floats(0, 1, exclude_max=True))
def test_waits_grow_twofold_with_a_half_of_chance(failed, chance):
    policy = RetryPolicy(first_wait=timedelta(seconds=2))
    wait = Waiting(SimulatedClock(), policy, lambda: chance).backoff(failed)
    assert wait.total_seconds() == pytest.approx(2 ** (failed - 1) * (1 + chance), abs=1e-5)
