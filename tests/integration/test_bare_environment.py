"""Embedding costs msgspec and nothing else: `pip install .` into an empty environment, and the inside imports."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

IMPORT_EVERYTHING = """
import importlib, json, pkgutil, sys
from importlib.metadata import distributions
names = []
for room in ("trilha.domain", "trilha.application", "trilha.adapters.memory", "trilha.adapters.system"):
    package = importlib.import_module(room)
    names.append(room)
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        importlib.import_module(module.name)
        names.append(module.name)
installed = sorted({one.metadata["Name"].lower() for one in distributions()})
print(json.dumps({"modules": names, "installed": installed}))
"""

IMPORT_PLUGIN = """
import sys, types
pytest = types.ModuleType("pytest")
pytest.fixture = lambda function: function
pytest.register_assert_rewrite = lambda name: None
sys.modules["pytest"] = pytest
before = set(sys.modules)
import trilha.testing.plugin
brought = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
print(" ".join(sorted(brought)))
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment in which only `pip install .` was done."""
    folder = tmp_path_factory.mktemp("bare")
    python = folder / "venv/bin/python"
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".uv/bin")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
        run(uv, "pip", "install", "--quiet", "--python", python, ROOT, cwd=folder)
    else:
        run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
        run(python, "-m", "pip", "install", "--quiet", ROOT, cwd=folder)
    return python


def test_the_package_brings_msgspec_only_and_its_inside_imports(bare_python: Path, tmp_path: Path) -> None:
    found = json.loads(run(bare_python, "-W", "error", "-c", IMPORT_EVERYTHING, cwd=tmp_path))
    assert set(found["installed"]) - {"pip", "setuptools"} == {"msgspec", "trilha"}
    assert "trilha.domain.telemetry.merging" in found["modules"]
    assert "trilha.adapters.memory.unit_of_work" in found["modules"]


def test_the_layouts_of_printed_documents_are_in_the_package(bare_python: Path, tmp_path: Path) -> None:
    layouts = "from importlib.resources import files; print(*sorted(each.name for each in files('trilha').joinpath("
    layouts += "'adapters/documents/layouts').iterdir()))"
    assert run(bare_python, "-c", layouts, cwd=tmp_path).split() == ["form.typ", "probe.typ", "table.typ"]


def test_the_pytest_plugin_costs_nothing_until_it_is_used(bare_python: Path, tmp_path: Path) -> None:
    assert run(bare_python, "-c", IMPORT_PLUGIN, cwd=tmp_path).split() == [
        "trilha",
        "trilha.testing",
        "trilha.testing.plugin",
    ]
