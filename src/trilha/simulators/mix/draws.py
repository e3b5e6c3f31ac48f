"""Numbers that look random and are pure functions of (seed, kind, index), so that nothing has to be remembered."""

from hashlib import blake2b
from struct import Struct as Layout

_KEY = Layout("<qq")
_SIXTEEN = Layout("<16I")
_BITS = 60
_MASK = (1 << _BITS) - 1
_FULL = 1 << 32


def draws(seed: int, kind: bytes, index: int) -> tuple[int, ...]:
    """Sixteen independent unsigned 32-bit numbers; `kind` (up to 16 bytes) keeps uses of one index apart."""
    return _SIXTEEN.unpack(blake2b(_KEY.pack(seed, index), digest_size=64, person=kind).digest())


def below(share: float) -> int:
    """The threshold under which a 32-bit draw falls with the probability `share`."""
    return int(share * _FULL)


class IdSpace:
    """Unique signed 64-bit ids of 19 digits, about half of them negative, one for each index.

    The scattering is a bijection, hence no two indices share an id. Doubles of this size are 512 apart: bit 8 is
    always clear, so that they round down, and bit 0 tells nothing, so that `twin` is nobody else's id.
    """

    def __init__(self, seed: int, kind: bytes) -> None:
        first, second, *_ = draws(seed, kind, -1)
        self._start = (first << 32 | second) & _MASK

    def __getitem__(self, index: int) -> int:
        mixed = (self._start + index) & _MASK
        mixed = ((mixed ^ mixed >> 31) * 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ mixed >> 29) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 30
        magnitude = 1 << 61 | (mixed >> 8) << 9 | (mixed >> 1 & 127) << 1 | (mixed >> 20) & 1
        return -magnitude if mixed & 1 else magnitude


def twin(identifier: int) -> int:
    """The neighbour that a double cannot tell from `identifier`."""
    magnitude = abs(identifier) ^ 1
    return -magnitude if identifier < 0 else magnitude
