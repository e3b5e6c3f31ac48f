"""The HTTP entry point: a Litestar application on Granian.

`create_app(parts)` makes the application, `serve(...)` runs it, `render_openapi()` gives its contract.
"""

from trilha.entrypoints.http.access import AccessLog, JsonLines, silent, through_structlog
from trilha.entrypoints.http.app import create_app
from trilha.entrypoints.http.document import render_openapi
from trilha.entrypoints.http.parts import HttpParts, MaintenanceParts, Probe, ReportParts, hash_token
from trilha.entrypoints.http.server import AddressNotAvailable, check_address, serve

__all__ = [
    "AccessLog",
    "AddressNotAvailable",
    "HttpParts",
    "JsonLines",
    "MaintenanceParts",
    "Probe",
    "ReportParts",
    "check_address",
    "create_app",
    "hash_token",
    "render_openapi",
    "serve",
    "silent",
    "through_structlog",
]
