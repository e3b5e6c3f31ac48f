"""Which servers are too old."""

import pytest

from trilha.adapters.postgres import ServerTooOld, check_version


@pytest.mark.parametrize("version", [150000, 150018, 160004, 180006])
def test_a_supported_server_is_accepted(version: int) -> None:
    check_version(version, setting="TRILHA_DATABASE_URL")


@pytest.mark.parametrize(("version", "named"), [(140013, "14.13"), (130000, "13.0"), (90624, "9.624")])
def test_an_old_server_is_refused_by_its_version_and_the_setting(version: int, named: str) -> None:
    with pytest.raises(ServerTooOld, match=rf"TRILHA_DATABASE_URL leads to PostgreSQL {named}; .* 15 or newer"):
        check_version(version, setting="TRILHA_DATABASE_URL")
