"""The contracts of PasswordHasher, TokenSigner and SecretSource."""

import pytest

from trilha.domain.identity import (
    AccessClaims,
    PasswordHasher,
    Role,
    SecretSource,
    TokenRefused,
    TokenSigner,
    prepare_password,
)
from trilha.testing.contracts.fresh import NOON, new_id

PASSWORD = prepare_password("quatro cavalos no telhado 🐎")


class PasswordHasherContract:
    """Needs the fixtures `hasher` and `older_hasher`, the same under settings that have changed since."""

    async def test_knows_a_password_again_and_no_other(self, hasher: PasswordHasher) -> None:
        kept = await hasher.hash(PASSWORD)
        assert await hasher.verify(PASSWORD, kept)
        assert not await hasher.verify(PASSWORD + b" ", kept)
        assert not await hasher.verify(b"", kept)

    async def test_nobody_has_no_password(self, hasher: PasswordHasher) -> None:
        assert not await hasher.verify(PASSWORD, None)
        assert not await hasher.verify(b"", None)

    async def test_the_same_password_is_kept_otherwise_each_time(self, hasher: PasswordHasher) -> None:
        first, second = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
        assert first != second
        assert PASSWORD.decode() not in first

    async def test_hashes_of_older_settings_still_count_and_are_known(
        self, hasher: PasswordHasher, older_hasher: PasswordHasher
    ) -> None:
        kept = await older_hasher.hash(PASSWORD)
        assert await hasher.verify(PASSWORD, kept)
        assert hasher.is_outdated(kept)
        assert not hasher.is_outdated(await hasher.hash(PASSWORD))


def some_claims() -> AccessClaims:
    """Of nobody in particular."""
    now = int(NOON.timestamp())
    return AccessClaims(
        iss="https://trilha.example",
        sub=new_id(),
        aud="trilha",
        exp=now + 600,
        nbf=now,
        iat=now,
        jti=new_id(),
        org=new_id(),
        sid=new_id(),
        mid=new_id(),
        role=Role.ANALYST,
        mv=1,
    )


class TokenSignerContract:
    """Needs the fixtures `signer` and `other_signer`, which has other keys."""

    def test_claims_come_back_exactly(self, signer: TokenSigner) -> None:
        claims = some_claims()
        assert signer.verify(signer.sign(claims)) == claims

    def test_what_another_signed_is_refused(self, signer: TokenSigner, other_signer: TokenSigner) -> None:
        with pytest.raises(TokenRefused):
            signer.verify(other_signer.sign(some_claims()))

    def test_whatever_is_changed_is_refused(self, signer: TokenSigner) -> None:
        token = signer.sign(some_claims())
        for place in range(0, len(token) - 4, 7):
            letter = "A" if token[place] != "A" else "B"
            with pytest.raises(TokenRefused):
                signer.verify(token[:place] + letter + token[place + 1 :])

    @pytest.mark.parametrize(
        "text", ["", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "é" * 40, "\ud800", "A" * 5_000_000]
    )
    def test_what_is_no_token_is_refused(self, signer: TokenSigner, text: str) -> None:
        with pytest.raises(TokenRefused) as caught:
            signer.verify(text)
        assert not text.strip(".") or text not in str(caught.value)


class SecretSourceContract:
    """Needs the fixture `secret_source`."""

    def test_no_secret_comes_twice(self, secret_source: SecretSource) -> None:
        assert len({secret_source.new().value for _ in range(1_000)}) == 1_000

    @pytest.mark.parametrize("size", [16, 20, 64])
    def test_a_secret_is_as_long_as_asked(self, secret_source: SecretSource, size: int) -> None:
        assert len(secret_source.new(size).value) == size
