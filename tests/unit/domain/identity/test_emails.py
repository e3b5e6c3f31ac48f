"""One login per person, however it is typed; none that only looks like another's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.identity import EmailAddress, EmailRefused, LookAlikeEmail, parse_email

MARIA = "maria.souza@exemplo.com.br"
WORDS = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){0,2}", fullmatch=True)


@pytest.mark.parametrize(
    "typed",
    [
        "Maria.Souza@EXEMPLO.com.br",
        "  maria.souza@exemplo.com.br\n",
        "\uff4d\uff41\uff52\uff49\uff41.souza\uff20exemplo.com.br",  # full width
        "maria.\u017fouza@exemplo.com.br",  # a long s
    ],
)
def test_the_same_address_typed_otherwise_is_the_same_login(typed: str) -> None:
    assert parse_email(typed).key == MARIA


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("m\u0430ria.souza@exemplo.com.br", "Cyrillic and Latin"),
        ("maria.souza@ex\u0435mplo.com.br", "Cyrillic and Latin"),
        ("mari\u03b1@exemplo.com", "Greek and Latin"),
        ("\u0441\u043e\u0440@exemplo.com", "look like Latin"),
        ("mar\u0131a@exemplo.com", "looks like a plain one"),
        ("mar\u0130a@exemplo.com", "looks like a plain one"),
        ("maria@\u0430\u0440\u0440.com", "look like Latin"),
    ],
)
def test_letters_that_look_like_others_are_refused(typed: str, told: str) -> None:
    with pytest.raises(LookAlikeEmail, match=told) as caught:
        parse_email(typed)
    assert typed not in str(caught.value)


@pytest.mark.parametrize(
    "typed",
    [
        "jos\u00e9.concei\u00e7\u00e3o@exemplo.com.br",
        "\u043f\u043e\u0447\u0442\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",  # Cyrillic throughout
        "a+b_c-d!#$%&'*/=?^`{|}~@exemplo.com",
        "\u5f20\u4e09@\u4f8b\u3048.jp",  # Han and Hiragana go together
        "x@sub.exemplo-2.com",
        "a" * 64 + "@exemplo.com",
    ],
)
def test_honest_addresses_of_any_alphabet_are_taken(typed: str) -> None:
    assert parse_email(typed).address == typed


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "maria",
        "@exemplo.com",
        "maria@",
        "maria@exemplo",
        "maria@-exemplo.com",
        "maria@exemplo..com",
        "maria@exemplo.com.",
        ".maria@exemplo.com",
        "ma..ria@exemplo.com",
        "maria souza@exemplo.com",
        "maria@joao@exemplo.com",
        '"maria"@exemplo.com',
        "maria\u200b@exemplo.com",
        "maria\u202e@exemplo.com",
        "maria\0@exemplo.com",
        "maria\ud800@exemplo.com",
        "maria@exem_plo.com",
        "maria@[10.0.0.1]",
        "a" * 65 + "@exemplo.com",
        "\u00e9" * 33 + "@exemplo.com",
        "a@" + "b" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5),
        "a" * 1_000_000,
        "maria@exemplo.com'; drop table users; --",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(EmailRefused) as caught:
        parse_email(typed)
    assert not typed or typed not in str(caught.value)


@given(local=WORDS, domain=WORDS, upper=st.sets(st.integers(0, 80)))
def test_case_never_makes_another_login(local: str, domain: str, upper: set[int]) -> None:
    plain = f"{local}@{domain}.com"
    typed = "".join(char.upper() if place in upper else char for place, char in enumerate(plain))
    assert parse_email(typed).key == plain


@given(st.text(st.characters(), max_size=20), st.text(st.characters(), max_size=20))
def test_a_key_is_its_own_key(local: str, domain: str) -> None:
    """Whatever is taken: nobody gets a second login by typing the key of the first."""
    try:
        email = parse_email(f"{local}@{domain}.com")
    except EmailRefused:
        return
    assert parse_email(email.key).key == email.key


def test_an_address_is_not_printed() -> None:
    email = parse_email(MARIA)
    assert repr(email) == "EmailAddress(...)"
    assert "maria" not in f"{EmailAddress('maria@x.com', 'maria@x.com')}"
