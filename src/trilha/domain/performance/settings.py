"""What an organisation decides about its forms: where they are signed, what they say, when a count is grave."""

from string import Formatter
from typing import Final

import msgspec

from trilha.domain.kernel import InvalidValue
from trilha.domain.performance.infractions import SeverityThresholds
from trilha.domain.performance.wording import ENGLISH, PORTUGUESE

MAX_CITY_CHARS = 100
MAX_GUIDANCE_CHARS = 2000
"""Beyond this the form does not fit on a page."""
PLACEHOLDERS: Final = ("company", "driver", "badge", "first_day", "last_day", "total")
_PORTUGUESE_TEXT: Final = (
    "Nesta data, {company} conversou comigo, {driver}, sobre o que a telemetria registrou da minha condução de "
    "{first_day} a {last_day} (total de ocorrências: {total}). Revimos juntos os procedimentos de condução segura, e "
    "as minhas dúvidas foram esclarecidas. Sei que a telemetria existe para a segurança de todos, para a condução "
    "eficiente e para o cuidado com a frota."
)
_ENGLISH_TEXT: Final = (
    "On this date {company} talked with me, {driver}, about what telemetry recorded of my driving from {first_day} to "
    "{last_day} (occurrences in all: {total}). We went through the procedures for safe driving together, and my "
    "questions were answered. I know that telemetry is there for everybody's safety, for efficient driving and for the "
    "care of the fleet."
)


class GuidanceTexts(msgspec.Struct, frozen=True):
    """What the form says, by language. Words in braces are filled in: see PLACEHOLDERS."""

    pt_br: str = msgspec.field(default=_PORTUGUESE_TEXT, name=PORTUGUESE)
    en: str = msgspec.field(default=_ENGLISH_TEXT, name=ENGLISH)

    def __post_init__(self) -> None:
        for language, text in ((PORTUGUESE, self.pt_br), (ENGLISH, self.en)):
            _check_template(language, text)

    def filled(self, language: str, **words: object) -> str:
        """The text in a language, with its placeholders filled in."""
        return (self.pt_br if language == PORTUGUESE else self.en).format(**words)


class PerformanceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force; version 0 are the defaults that nobody has changed."""

    version: int = 0
    city: str = ""
    guidance: GuidanceTexts = msgspec.field(default_factory=GuidanceTexts)
    severity: SeverityThresholds = msgspec.field(default_factory=SeverityThresholds)

    def __post_init__(self) -> None:
        if len(self.city) > MAX_CITY_CHARS or not self.city.isprintable():
            raise InvalidValue("city", self.city, f"at most {MAX_CITY_CHARS} printable characters")


def _check_template(language: str, text: str) -> None:
    expected = "braces only around " + ", ".join(PLACEHOLDERS) + "; double them to print one"
    if not 1 <= len(text) <= MAX_GUIDANCE_CHARS or "\0" in text:
        raise InvalidValue(language, text, f"1 to {MAX_GUIDANCE_CHARS} characters, none of them NUL")
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise InvalidValue(language, text, expected) from None
    for _, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise InvalidValue(language, "{" + name + "}", expected)
