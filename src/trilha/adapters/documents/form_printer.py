"""The guidance form on paper (A4, PDF/UA-1). Words and figures meet here; `layouts/form.typ` lays them out."""

from zoneinfo import ZoneInfo

from trilha.adapters.documents.breaking import breakable
from trilha.adapters.documents.form_words import WORDS, FormWords
from trilha.adapters.documents.language import Language, language_of
from trilha.adapters.documents.press_job import UNSHOWN, Data, PressJob
from trilha.domain.kernel import DayRange
from trilha.domain.performance import GuidanceForm, GuidanceLine, Severity, period_label, periods_of

NO_BADGE = "–"  # noqa: RUF001 - the dash of forms
_STEPS = {Severity.LOW: 1, Severity.MEDIUM: 2, Severity.HIGH: 3}


class TypstFormPrinter:
    """Prints guidance forms. One page up to about twelve types in eight columns; more flow to the next page."""

    def print(self, form: GuidanceForm) -> bytes:
        """The form as PDF; the same form gives the same bytes. Blocks for some hundredths of a second.

        Raises InvalidValue for a language that Trilha does not write.
        """
        from trilha.adapters.documents.press import press

        return press(_job(form))

    def picture(self, form: GuidanceForm, *, pixels_an_inch: float) -> bytes:
        """The first page as PNG, for screens."""
        from trilha.adapters.documents.press import picture

        return picture(_job(form), pixels_an_inch)


def _job(form: GuidanceForm) -> PressJob:
    return PressJob("form", _Sheet(form).data(), form.made_at)


class _Sheet:
    """A form in the words and figures of its language."""

    def __init__(self, form: GuidanceForm) -> None:
        self._form = form
        self._language: Language = language_of(form.language)
        self._words: FormWords = WORDS[form.language]
        self._zone = ZoneInfo(form.time_zone)
        self._labels = {period.days: period_label(period, form.language) for period in periods_of(form.analysed)}
        self._periods = [self._period(column) for column in form.columns]

    def data(self) -> Data:
        """All that the layout knows."""
        form, words = self._form, self._words
        return {
            "language": form.language,
            "words": {
                name: getattr(words, name)
                for name in (
                    *("title", "subtitle", "details", "infraction", "severity", "all_infractions", "nothing", "chart"),
                    *("guidance", "remarks", "acknowledgement", "employee", "responsible", "signature"),
                    *("place_and_date", "page"),
                )
            },
            "company": breakable(form.company),
            "fields": self._fields(),
            "analysed": {"label": words.analysed, "value": self._language.span(form.analysed)},
            "periods": self._periods,
            "periods_listed": " · ".join(self._periods),
            "lines": [self._line(line) for line in form.lines],
            "column_totals": [self._count(total) for total in form.column_totals],
            "total": self._count(form.total),
            "bars": [list(line.counts) for line in form.lines],
            "chart_described": words.chart_described.format(bars="; ".join(map(self._bar_in_words, form.lines))),
            "guidance": form.guidance,
            "corrections": self._corrections(),
            "foot": [
                words.version.format(version=form.data_version),
                words.made_at.format(moment=self._language.moment(form.made_at, self._zone), zone=form.time_zone),
            ],
            "unshown": words.unshown.format(mark=UNSHOWN),
        }

    def _fields(self) -> list[dict[str, str]]:
        form, words = self._form, self._words
        guided_on = words.place_and_day.format(city=form.city, day=self._language.long_day(form.guided_on))
        values = (
            (words.name, breakable(form.driver_name)),
            (words.badge, form.badge or NO_BADGE),
            (words.guided_on, guided_on if form.city else self._language.long_day(form.guided_on)),
            (words.total, self._count(form.total)),
        )
        return [{"label": label, "value": value} for label, value in values]

    def _line(self, line: GuidanceLine) -> Data:
        return {
            "description": breakable(line.description),
            "counts": [self._count(count) for count in line.counts],
            "total": self._count(line.total),
            "severity": self._words.severities[line.severity],
            "steps": _STEPS[line.severity],
        }

    def _bar_in_words(self, line: GuidanceLine) -> str:
        counts = zip(self._periods, line.counts, strict=True)
        return f"{line.description}: " + ", ".join(f"{period} {count}" for period, count in counts if count)

    def _corrections(self) -> Data | None:
        form, words = self._form, self._words
        if not form.corrections or form.corrects_version is None or form.corrects_printed_at is None:
            return None
        moment = self._language.moment(form.corrects_printed_at, self._zone)
        return {
            "heading": words.corrects.format(version=form.corrects_version, moment=moment),
            "items": [
                words.correction.format(
                    description=each.description,
                    period=self._period(each.days),
                    before=self._count(each.before),
                    after=self._count(each.after),
                )
                for each in form.corrections
            ],
        }

    def _period(self, days: DayRange) -> str:
        return self._labels.get(days) or self._language.span(days)

    def _count(self, count: int) -> str:
        return self._language.number(count)
