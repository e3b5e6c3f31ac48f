"""Amounts as they are told."""


def to_thousandths(amount: float) -> float:
    """A sum to the thousandth: km to the metre, litres to the millilitre.

    Adding binary fractions leaves noise in the digits behind; nobody measured those, and people took them for data.

    >>> to_thousandths(681.6549999999999)
    681.655
    """
    return round(amount, 3) + 0.0  # never -0.0
