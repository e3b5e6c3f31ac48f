"""Documents for people: tables as CSV, spreadsheet, printed page or JSON, and the guidance form on paper."""

from trilha.adapters.documents.csv_writer import CsvWriter
from trilha.adapters.documents.form_printer import TypstFormPrinter
from trilha.adapters.documents.json_writer import JsonWriter
from trilha.adapters.documents.pdf_writer import PdfWriter
from trilha.adapters.documents.writers import document_writers
from trilha.adapters.documents.xlsx_writer import XlsxWriter

__all__ = ["CsvWriter", "JsonWriter", "PdfWriter", "TypstFormPrinter", "XlsxWriter", "document_writers"]
