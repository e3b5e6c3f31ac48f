"""Long is good, common is not, and nothing else is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.identity import PasswordRefused, check_password, prepare_password


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "quatro cavalos no telhado",
        "garagem azul 47 pontos",
        "\u7d20\u6575\u306a\u9577\u3044\u30d1\u30b9\u30ef\u30fc\u30c9\u3067\u3059\u306d",
        "x9#kQ2!vLm0&",
        " leading and trailing kept ",
    ],
)
def test_a_few_words_do(password: str) -> None:
    assert check_password(password).decode() == password


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "too_short"),
        ("x" * 257, "too_long"),
        ("\u00e9" * 129, "too_long"),
        ("a" * 5_000_000, "too_long"),
        ("half \ud800 a character", "unreadable"),
        ("aaaaaaaaaaaaaaaa", "pattern"),
        ("abcabcabcabcabc", "pattern"),
        ("123456789012345", "pattern"),
        ("qwertyuiopasdf", "pattern"),
        ("POIUYTREWQLKJHG", "pattern"),
        ("1q2w3e4r5t6y7u", "pattern"),
        ("password12345", "common"),
        ("P@ssw0rd!2026", "common"),
        ("Senha@12345678", "common"),
        ("flamengo2026!!", "common"),
        ("admin-admin-2026", "common"),
        ("maria.souza.1987", "common"),
        ("Vasconcelos_1987", "personal"),
        ("pioneira-2026-06", "personal"),
    ],
)
def test_what_is_tried_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(PasswordRefused) as caught:
        check_password(password, about=("Ana Vasconcelos", "ana.v@pioneira.com.br"))
    assert caught.value.reason == reason
    assert password not in str(caught.value)


def test_the_same_letter_from_another_keyboard_is_the_same() -> None:
    assert check_password("decomposed e\u0301 is one") == check_password("decomposed \u00e9 is one")
    assert prepare_password("\ufb01ne") == b"fine"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_taken_once_can_be_typed_again(password: str) -> None:
    try:
        taken = check_password(password)
    except PasswordRefused:
        return
    assert 12 <= len(taken) <= 256
    assert prepare_password(password) == taken


@given(st.text(max_size=600))
def test_nothing_longer_is_ever_hashed(password: str) -> None:
    try:
        assert len(prepare_password(password)) <= 256
    except PasswordRefused as refused:
        assert refused.reason in {"too_long", "unreadable"}  # noqa: PT017 - either outcome is right
