"""Settings: every mistake told at once, by name, and no secret in what is told."""

from pathlib import Path

import pytest

from trilha.entrypoints.reference import CONFIGURATION_PAGE, PERMISSIONS_PAGE, configuration_page, permissions_page
from trilha.entrypoints.settings import BadSettings, Settings, load_settings, missing_mix_settings, variable

ROOT = Path(__file__).parents[3]


def test_an_empty_environment_gives_the_defaults():
    assert load_settings({}) == Settings()


def test_all_mistakes_are_reported_at_once_by_name():
    wrong = {
        "TRILHA_HTTP_PORT": "99999",
        "TRILHA_MIX_REGION": "br",
        "TRILHA_MIX_CALLS_PER_MINUTE": "0",
        "TRILHA_MIX_ORGANISATION_IDS": "12,abc",
        "TRILHA_HTPP_HOST": "localhost",
        "TRILHA_DATABASE_URL": "postgresql://somewhere",
        "TRILHA_DEFAULT_TIME_ZONE": "Mars/Olympus",
        "TRILHA_RETENTION_RAW_PAGES_DAYS": "99999999999",
    }
    with pytest.raises(BadSettings) as caught:
        load_settings(wrong)
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == len(wrong)
    assert all(name in told for name in wrong)
    assert "did you mean TRILHA_HTTP_HOST" in told
    assert "one of us, eu, uk, za, au, om, uat" in told
    assert "TRILHA_DATABASE_OWNER_URL" in told


def test_lists_and_numbers_are_read():
    settings = load_settings({"TRILHA_MIX_ORGANISATION_IDS": "17, -5100000000000000771", "TRILHA_HTTP_PORT": "0"})
    assert settings.mix_organisation_ids == (17, -5100000000000000771)
    assert settings.http_port == 0


def test_an_empty_variable_counts_as_not_set():
    assert load_settings({"TRILHA_HTTP_PORT": " "}).http_port == Settings().http_port


def test_a_secret_is_never_shown():
    with pytest.raises(BadSettings) as caught:
        load_settings({"TRILHA_DATABASE_URL": "postgresql://trilha_app:hunter2@db/trilha"})
    assert "hunter2" not in str(caught.value)


def test_variables_of_the_tests_are_no_settings():
    assert load_settings({"TRILHA_TEST_DATABASE_URL": "x"}) == Settings()


def test_what_mix_still_needs_is_named():
    told = missing_mix_settings(Settings(mix_region="us", mix_username="somebody"))
    assert [line.split()[0] for line in told] == [
        variable("mix_client_id"),
        variable("mix_client_secret"),
        variable("mix_password"),
    ]


def test_the_configuration_page_is_up_to_date():
    assert (ROOT / "docs" / CONFIGURATION_PAGE).read_text(encoding="utf-8") == configuration_page()


def test_the_page_of_permissions_is_up_to_date():
    assert (ROOT / "docs" / PERMISSIONS_PAGE).read_text(encoding="utf-8") == permissions_page()


@pytest.mark.parametrize("token", ["short", "sixteen letters with spaces", "ç" * 20])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str):
    with pytest.raises(BadSettings, match="TRILHA_API_TOKEN") as caught:
        load_settings({"TRILHA_API_TOKEN": token})
    assert token not in str(caught.value)


def test_a_missing_region_is_named_unless_both_addresses_are_there():
    told = "\n".join(missing_mix_settings(Settings()))
    assert "TRILHA_MIX_REGION" in told
    reached = Settings(mix_identity_url="http://127.0.0.1:1/core", mix_api_url="http://127.0.0.1:1")
    assert "TRILHA_MIX_REGION" not in "\n".join(missing_mix_settings(reached))
