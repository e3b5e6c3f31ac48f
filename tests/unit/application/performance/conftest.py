"""A bus company, and what can be asked of it."""

import pytest

from tests.driving import Company, PlainPrinter
from trilha.application.performance.use_cases import PerformanceUseCases, performance_use_cases


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def ask(company: Company) -> PerformanceUseCases:
    return performance_use_cases(depot=company.depot, ids=company.ids, printer=PlainPrinter(), **company.counting)
