"""The names of months, for reports and forms."""

from collections.abc import Mapping
from types import MappingProxyType

MONTHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pt-BR": (
            *("Janeiro", "Fevereiro", "Março", "Abril", "Maio", "Junho"),
            *("Julho", "Agosto", "Setembro", "Outubro", "Novembro", "Dezembro"),
        ),
        "en": (
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
    }
)
"""By language, as they are written at the beginning of a line; Portuguese has them small elsewhere."""
