"""How performance speaks of days and months to people, in Brazilian Portuguese and in English."""

import re
from datetime import date
from typing import Final

from trilha.domain.kernel import MONTHS
from trilha.domain.performance.periods import Period, PeriodKind

PORTUGUESE: Final = "pt-BR"
ENGLISH: Final = "en"
LANGUAGES: Final = (PORTUGUESE, ENGLISH)
_LONGEST_NAME: Final = 60
_FORM_NAMES: Final = {PORTUGUESE: "Formulario_de_Orientacao", ENGLISH: "Guidance_Form"}


def day_text(day: date, language: str) -> str:
    """A day in a sentence.

    >>> day_text(date(2025, 11, 7), "pt-BR"), day_text(date(2025, 11, 7), "en")
    ('07/11/2025', '7 November 2025')
    """
    if language == PORTUGUESE:
        return f"{day:%d/%m/%Y}"
    return f"{day.day} {MONTHS[ENGLISH][day.month - 1]} {day.year}"


def period_label(period: Period, language: str) -> str:
    """The head of a column.

    >>> from trilha.domain.kernel import DayRange
    >>> week = Period(PeriodKind.WEEK, DayRange(date(2025, 11, 1), date(2025, 11, 7)))
    >>> period_label(week, "pt-BR"), period_label(week, "en")
    ('Semana 01.11 a 07.11', 'Week 1 Nov to 7 Nov')
    """
    first, last = period.days.first, period.days.last
    month = MONTHS[language][first.month - 1]
    if period.kind is PeriodKind.MONTH:
        return f"{month}/{first.year}" if language == PORTUGUESE else f"{month} {first.year}"
    if language == PORTUGUESE:
        return f"Semana {first:%d.%m} a {last:%d.%m}"
    return f"Week {first.day} {month[:3]} to {last.day} {month[:3]}"


def form_file_name(driver_name: str, guided_on: date, language: str) -> str:
    """What a printed form is called in a folder. What folders and headers trip over becomes an underscore.

    >>> form_file_name("José  d'Ávila/2", date(2025, 11, 7), "pt-BR")
    'Formulario_de_Orientacao_José_d_Ávila_2_2025-11-07.pdf'
    """
    name = "_".join(re.findall(r"\w+", driver_name)) or "_"
    return f"{_FORM_NAMES[language]}_{name[:_LONGEST_NAME]}_{guided_on.isoformat()}.pdf"
