"""Who runs the servers, and whose folders stay closed: as an ordinary user, and as root."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from trilha.adapters.embedded import DataFolderError, EmbeddedPostgres, open_data_folder

AS_ROOT = os.geteuid() == 0
NOBODY = 65534
IMPORTS = os.pathsep.join(
    [str(Path(__file__).parents[2] / "src"), *(path for path in sys.path if path.endswith("site-packages"))]
)
START = """
import json, psutil, sys
from trilha.adapters.embedded import EmbeddedError, EmbeddedNats, EmbeddedPostgres, open_data_folder
try:
    folder = open_data_folder()
    with EmbeddedPostgres(folder) as postgres, EmbeddedNats(folder) as nats:
        owners = [psutil.Process(server.pid).uids().effective for server in (postgres, nats)]
except EmbeddedError as refused:
    sys.exit(str(refused))
print(json.dumps({"owners": owners, "data": str(folder.path), "mode": folder.path.stat().st_mode & 0o777}))
"""


def as_ordinary_user(argv: list[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """As the caller, unless that is root."""
    become = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if AS_ROOT else {}
    environ = {"PATH": os.defpath, "PYTHONPATH": IMPORTS, "HOME": str(cwd)}
    shell = ["/bin/sh", "-c", 'exec "$0" "$@"']
    return subprocess.run(
        [*shell, *argv], check=False, capture_output=True, text=True, timeout=60, cwd=cwd, env=environ, **become
    )


def an_interpreter_for_everybody() -> str | None:
    """The interpreter of root's tests may lie in root's own closed folder."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if as_ordinary_user([candidate, "-c", "import msgspec, psutil, trilha"], Path("/")).returncode == 0:
            return candidate
    return None


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder closed to all but its owner, who is an ordinary user."""
    above = Path(tempfile.mkdtemp(prefix="trilha-users-"))
    above.chmod(0o755)
    path = above / "home"
    path.mkdir(mode=0o700)
    if AS_ROOT:
        os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(above)


INTERPRETER = an_interpreter_for_everybody()

if INTERPRETER:

    def test_an_ordinary_user_has_private_data_beside_the_project(home: Path) -> None:
        done = as_ordinary_user([INTERPRETER, "-c", START], home)
        assert done.returncode == 0, done.stderr
        owner = home.stat().st_uid
        assert json.loads(done.stdout) == {"owners": [owner, owner], "data": str(home / ".trilha"), "mode": 0o700}
        assert home.stat().st_mode & 0o777 == 0o700

    def test_an_ordinary_user_is_told_which_folder_cannot_be_written(home: Path) -> None:
        home.chmod(0o500)
        done = as_ordinary_user([INTERPRETER, "-c", START], home)
        assert done.returncode == 1
        assert "TRILHA_DATA_DIR" in done.stderr
        assert str(home / ".trilha") in done.stderr
        assert "Permission denied" in done.stderr


if AS_ROOT:

    def test_root_is_told_which_folder_above_the_data_is_closed(home: Path) -> None:
        with pytest.raises(DataFolderError, match="TRILHA_DATA_DIR") as refused:
            open_data_folder(home / "project" / "data")
        assert f"{home} is closed" in str(refused.value)
        assert home.stat().st_mode & 0o777 == 0o700

    def test_root_does_not_open_a_folder_that_holds_other_things(home: Path) -> None:
        (home / "letters.txt").touch()
        with pytest.raises(DataFolderError, match=f"{home} is closed"):
            open_data_folder(home)
        assert home.stat().st_mode & 0o777 == 0o700

    def test_roots_data_lie_where_the_servers_can_reach_them_even_from_a_closed_project(home: Path) -> None:
        folder = open_data_folder(environ={}, project=home)
        try:
            assert folder.path.parent == Path("/var/lib/trilha")
            assert folder.path == open_data_folder(environ={}, project=home).path
            with EmbeddedPostgres(folder):
                assert home.stat().st_mode & 0o777 == 0o700
        finally:
            shutil.rmtree(folder.path)

    def test_roots_servers_can_neither_change_their_programs_nor_read_the_secrets(home: Path) -> None:
        folder = open_data_folder(home.parent / "data")
        assert folder.binaries().postgres.exists()
        assert folder.secret("some")
        probe = 'test ! -w "$0" && test -x "$0" && ! ls "$1" 2>/dev/null'
        user = folder.server_user
        assert user
        done = subprocess.run(
            ["/bin/sh", "-c", probe, str(folder.binaries().postgres), str(folder.path / "secrets")],
            check=False, user=user.uid, group=user.gid, extra_groups=[], cwd="/",
        )  # fmt: skip
        assert done.returncode == 0

    def test_an_ordinary_user_is_told_that_the_data_are_roots(home: Path) -> None:
        foreign = open_data_folder(home.parent / "foreign").path
        foreign.chmod(0o777)
        argv = [str(INTERPRETER), "-c", f"import os; os.environ['TRILHA_DATA_DIR'] = {str(foreign)!r}\n{START}"]
        done = as_ordinary_user(argv, home)
        assert done.returncode == 1
        assert f"{foreign} cannot be written" in done.stderr
        assert "TRILHA_DATA_DIR" in done.stderr

    def test_root_is_told_that_initdb_cannot_quote_a_path(home: Path) -> None:
        with pytest.raises(DataFolderError, match=r"TRILHA_DATA_DIR"):
            open_data_folder(home.parent / "$HOME").binaries()
