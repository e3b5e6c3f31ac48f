"""Names of files in headers."""

from email.message import Message
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from trilha.entrypoints.http.attachments import attachment


def test_accents_are_kept_for_new_clients_and_folded_for_old_ones() -> None:
    assert attachment("Orientação_José.pdf") == (
        "attachment; filename=\"Orientacao_Jose.pdf\"; filename*=UTF-8''Orienta%C3%A7%C3%A3o_Jos%C3%A9.pdf"
    )


@given(st.text())
def test_whatever_is_in_a_name_stays_in_it(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert value.isprintable()
    kind, plain, whole = value.split("; ")
    assert kind == "attachment"
    assert unquote(whole.removeprefix("filename*=UTF-8''")) == name
    message = Message()
    message["Content-Disposition"] = f"{kind}; {plain}"
    assert '"' not in (message.get_filename() or "")
