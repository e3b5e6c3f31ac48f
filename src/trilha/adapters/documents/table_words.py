"""What stands around the rows of a report, by language."""

from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from trilha.adapters.documents.language import language_of
from trilha.domain.reporting import ReportHead


class TableWords(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed texts of tables. Those with braces are filled."""

    rows: str
    about: str
    organisation: str
    made_at: str
    zone: str
    version: str
    none: str
    page: str
    unshown: str


WORDS: Mapping[str, TableWords] = MappingProxyType(
    {
        "pt-BR": TableWords(
            rows="Dados",
            about="Sobre",
            organisation="Organização",
            made_at="Emitido em",
            zone="Fuso horário",
            version="Versão dos dados",
            none="Nenhum registro.",
            page="{page} / {pages}",
            unshown="{mark} está no lugar de um caractere que as fontes deste documento não têm.",
        ),
        "en": TableWords(
            rows="Data",
            about="About",
            organisation="Organisation",
            made_at="Made on",
            zone="Time zone",
            version="Data version",
            none="No records.",
            page="{page} / {pages}",
            unshown="{mark} stands for a character that the fonts of this document do not have.",
        ),
    }
)


def facts_of(head: ReportHead) -> list[tuple[str, str]]:
    """What is known of a report, as label and value: the organisation, the report's own facts, when it was made."""
    words, language = WORDS[head.language], language_of(head.language)
    version = [] if head.data_version is None else [(words.version, head.data_version)]
    return [
        (words.organisation, head.organisation),
        *head.facts,
        (words.made_at, language.moment(head.made_at, ZoneInfo(head.time_zone))),
        (words.zone, head.time_zone),
        *version,
    ]
