"""A guidance form of a person who does not exist, for the documentation and the tests.

`python -m trilha.adapters.documents.specimen FILE.png` draws it.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

import msgspec

from trilha.adapters.documents.form_printer import TypstFormPrinter
from trilha.domain.kernel import DayRange
from trilha.domain.performance import Correction, GuidanceForm, GuidanceLine, Severity

PIXELS_AN_INCH = 100
_COLUMNS = (
    DayRange(date(2025, 9, 1), date(2025, 9, 30)),
    DayRange(date(2025, 10, 1), date(2025, 10, 31)),
    DayRange(date(2025, 11, 1), date(2025, 11, 7)),
    DayRange(date(2025, 11, 8), date(2025, 11, 14)),
    DayRange(date(2025, 11, 22), date(2025, 11, 26)),
)


class _Wording(msgspec.Struct, frozen=True):
    types: Sequence[str]
    guidance: str


_WORDINGS: Mapping[str, _Wording] = MappingProxyType(
    {
        "pt-BR": _Wording(
            ("Aceleração brusca", "Curva brusca", "Excesso de rotação", "Excesso de velocidade", "Frenagem brusca"),
            "O desempenho registrado pela telemetria foi apresentado ao colaborador. Os procedimentos de condução "
            "foram revistos em conjunto e as dúvidas, esclarecidas. A telemetria serve à segurança de todos, à "
            "eficiência da operação e ao cuidado com a frota.",
        ),
        "en": _Wording(
            ("Harsh acceleration", "Harsh cornering", "Over-revving", "Speeding", "Harsh braking"),
            "The employee was shown the performance that telemetry recorded. Driving procedures were gone through "
            "together and questions answered. Telemetry serves everybody's safety, efficient operation and the care of "
            "the fleet.",
        ),
    }
)
_COUNTS = ((2, 1, 0, 1, 0), (0, 0, 1, 0, 1), (4, 3, 1, 2, 2), (1, 0, 0, 0, 0), (6, 5, 4, 1, 3))
_LOW_TO, _MEDIUM_TO = 2, 5


def specimen_form(language: str = "pt-BR") -> GuidanceForm:
    """The form of Maria José, with a correction of one that was printed before."""
    wording = _WORDINGS[language]
    lines = tuple(
        GuidanceLine(description, counts, sum(counts), _severity(sum(counts)))
        for description, counts in zip(wording.types, _COUNTS, strict=True)
    )
    return GuidanceForm(
        language=language,
        company="Viação Exemplo Ltda.",
        city="Brasília",
        driver_name="Maria José da Conceição",
        badge="10234",
        guided_on=date(2025, 11, 26),
        analysed=DayRange(date(2025, 9, 1), date(2025, 11, 26)),
        columns=_COLUMNS,
        lines=lines,
        column_totals=tuple(sum(column) for column in zip(*_COUNTS, strict=True)),
        total=sum(line.total for line in lines),
        guidance=wording.guidance,
        data_version="7c1e90ab",
        made_at=datetime(2025, 11, 26, 17, 42, 5, tzinfo=UTC),
        time_zone="America/Sao_Paulo",
        corrections=(Correction(lines[4].description, _COLUMNS[2], 5, 4),),
        corrects_version="52d3aa01",
        corrects_printed_at=datetime(2025, 11, 20, 13, 5, 40, tzinfo=UTC),
    )


def _severity(total: int) -> Severity:
    if total <= _LOW_TO:
        return Severity.LOW
    return Severity.MEDIUM if total <= _MEDIUM_TO else Severity.HIGH


if __name__ == "__main__":
    picture = Path(sys.argv[1])
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(TypstFormPrinter().picture(specimen_form(), pixels_an_inch=PIXELS_AN_INCH))
