"""Every refusal has its status."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import trilha
from trilha.domain.kernel import DomainError
from trilha.entrypoints.http.statuses import STATUS_OF_CODE

NOT_IMPORTED = ("trilha.testing", "trilha.adapters.postgres.migrations")
"""Raise nothing of their own; pytest wants to import the first, and Alembic alone can import the second."""


def every_error() -> Iterator[type[DomainError]]:
    """Every domain error of the package, those of adapters and entry points too."""
    for module in pkgutil.walk_packages(trilha.__path__, "trilha."):
        if not module.name.endswith("__main__") and not module.name.startswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    pending = [DomainError]
    while pending:
        error = pending.pop()
        yield error
        pending += error.__subclasses__()


ERRORS = sorted(set(every_error()), key=lambda error: error.__qualname__)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_domain_error_has_a_status(error: type[DomainError]) -> None:
    assert error.code in STATUS_OF_CODE, f"add {error.code} of {error.__module__} to statuses.py"
