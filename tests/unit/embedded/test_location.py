"""Where data lie, who is kept out, and which paths are refused in words that help."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trilha.adapters.embedded import DataFolder, DataFolderError, DataFolderInUse, find_data_folder, open_data_folder
from trilha.adapters.embedded.location import default_path, write_private


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="trilha-unit-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_an_ordinary_users_data_lie_beside_the_project() -> None:
    assert default_path(Path("/home/ana/frota"), as_root=False) == Path("/home/ana/frota/.trilha")


@given(
    st.lists(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1), min_size=1)
)
def test_roots_data_lie_below_one_open_folder_whatever_the_project_is_called(names: list[str]) -> None:
    where = default_path(Path("/", *names), as_root=True)
    assert where.parent == Path("/var/lib/trilha")
    assert where.name.isalnum()
    assert where == default_path(Path("/", *names), as_root=True)
    assert where != default_path(Path("/", *names, "other"), as_root=True)


def test_the_setting_is_relative_to_the_project_and_loses_to_an_explicit_path(place: Path) -> None:
    environ = {"TRILHA_DATA_DIR": "data"}
    assert open_data_folder(environ=environ, project=place).path == place / "data"
    assert open_data_folder(place / "other", environ=environ, project=place).path == place / "other"


def test_looking_for_a_folder_makes_none(place: Path) -> None:
    assert find_data_folder(place / "data") is None
    assert not list(place.iterdir())
    made = open_data_folder(place / "data")
    found = find_data_folder(place / "data")
    assert found
    assert (found.path, found.run) == (made.path, made.run)


def test_the_folder_keeps_itself_out_of_version_control_and_private(place: Path) -> None:
    folder = open_data_folder(place / "data")
    assert (folder.path / ".gitignore").read_text().endswith("\n*\n")
    for private in (folder.run, folder.logs, folder.secrets):
        assert private.stat().st_mode & 0o777 == 0o700
    assert folder.path.stat().st_mode & 0o066 == 0


@pytest.mark.parametrize(
    "name", ["line\nbreak", "\udce9t\udce9", "d" * 250 + "/" + "d" * 250 + "/" + "d" * 250 + "/" + "d" * 250]
)
def test_a_path_that_cannot_work_is_refused_before_anything_is_made(place: Path, name: str) -> None:
    with pytest.raises(DataFolderError, match="TRILHA_DATA_DIR"):
        open_data_folder(place / name)
    assert not list(place.iterdir())


@pytest.mark.parametrize("way", ["file", "file/data"])
def test_a_file_in_the_way_is_told(place: Path, way: str) -> None:
    (place / "file").touch()
    with pytest.raises(DataFolderError, match=r"cannot be written.*TRILHA_DATA_DIR"):
        open_data_folder(place / way)


def test_a_secret_is_random_private_and_kept(place: Path) -> None:
    folder = open_data_folder(place)
    first = folder.secret("one")
    assert len(first) >= 32
    assert folder.secret("one") == first
    assert folder.secret("two") != first
    assert (folder.secrets / "one").stat().st_mode & 0o777 == 0o600


def test_a_lock_keeps_others_out_and_says_who_holds_it(place: Path) -> None:
    folder = open_data_folder(place)
    assert folder.lock_holder("some") is None
    with folder.lock("some"):
        assert folder.lock_holder("some") == os.getpid()
        with pytest.raises(DataFolderInUse, match="TRILHA_DATA_DIR"), DataFolder(place).lock("some"):
            pass
        # the refused one has not let anybody else in
        assert folder.lock_holder("some") == os.getpid()
    assert folder.lock_holder("some") is None


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r")))
def test_a_private_file_is_replaced_whole(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_text("before")
        path.chmod(0o644)
        write_private(path, text)
        assert path.read_text() == text
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(Path(folder).iterdir()) == [path]
