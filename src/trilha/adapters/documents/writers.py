"""Which writer writes which format."""

from collections.abc import Mapping
from types import MappingProxyType

from trilha.adapters.documents.csv_writer import CsvWriter
from trilha.adapters.documents.json_writer import JsonWriter
from trilha.adapters.documents.pdf_writer import PdfWriter
from trilha.adapters.documents.xlsx_writer import XlsxWriter
from trilha.domain.reporting import DocumentWriter, ReportFormat


def document_writers() -> Mapping[ReportFormat, DocumentWriter]:
    """A writer for each format that can be asked for."""
    writers: tuple[DocumentWriter, ...] = (JsonWriter(), CsvWriter(), XlsxWriter(), PdfWriter())
    return MappingProxyType({writer.format: writer for writer in writers})
