"""What happened to forms."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from trilha.domain.kernel import DomainEvent


class FormPrinted(DomainEvent, frozen=True, kw_only=True):
    """A guidance form was given out for a driver and the days from `first_day` to `last_day`.

    `driver_id` is a string, as 64-bit ids are in JSON. `corrects_version` names the counts of an earlier form that this
    one corrects.
    """

    event_type: ClassVar[str] = "performance.form_printed"
    subject_field: ClassVar[str] = "form_id"

    form_id: UUID
    driver_id: str
    first_day: date
    last_day: date
    data_version: str
    printed_at: datetime
    corrects_version: str | None = None
