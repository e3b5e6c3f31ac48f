"""Reporting: tables that leave the house, as JSON, CSV, spreadsheet or printed page, at once, later, or every week."""

from trilha.domain.reporting.model import (
    LANGUAGES,
    Cell,
    Column,
    ColumnKind,
    ReportFormat,
    ReportHead,
    ReportRequest,
    Row,
)
from trilha.domain.reporting.ports import DocumentTooLong, DocumentWriter, Report, ReportSource

__all__ = [
    "LANGUAGES",
    "Cell",
    "Column",
    "ColumnKind",
    "DocumentTooLong",
    "DocumentWriter",
    "Report",
    "ReportFormat",
    "ReportHead",
    "ReportRequest",
    "ReportSource",
    "Row",
]
