"""What is under semantic versioning, by name and signature. A change here is a change for everybody who uses Trilha."""

import dataclasses
import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import msgspec

import trilha.domain
from tests.golden import assert_golden

CONTEXTS = [f"trilha.domain.{module.name}" for module in pkgutil.iter_modules(trilha.domain.__path__)]
PUBLIC = [
    *sorted(CONTEXTS),
    "trilha.application.ports",
    "trilha.testing",
    "trilha.testing.contracts",
    "trilha.testing.simulation",
    "trilha.testing.strategies",
]


def described(name: str, value: object) -> Iterator[str]:
    """A public name in lines of text."""
    if inspect.isclass(value) and issubclass(value, enum.Enum):
        yield f"enum {name}: {', '.join(f'{member.name}={member.value!r}' for member in value)}"
    elif inspect.isclass(value):
        yield f"class {name}({', '.join(base.__name__ for base in value.__bases__)})"
        yield from fields(value)
        yield from methods(value)
    elif inspect.isfunction(value):
        yield f"def {name}{signature(value)}"
    elif inspect.ismodule(value):
        yield f"module {name}"
    else:
        yield f"value {name}: {type(value).__name__}"


def fields(owner: type) -> Iterator[str]:
    if issubclass(owner, msgspec.Struct):
        for field in msgspec.structs.fields(owner):
            yield f"    {field.name}{'' if field.required else ' = ...'}"
    elif dataclasses.is_dataclass(owner):
        yield from (f"    {field.name}" for field in dataclasses.fields(owner))


def methods(owner: type) -> Iterator[str]:
    for name, member in sorted(vars(owner).items()):
        if name.startswith("_"):
            continue
        if inspect.isfunction(member):
            yield f"    {'async ' if inspect.iscoroutinefunction(member) else ''}def {name}{signature(member)}"
        elif isinstance(member, property):
            yield f"    property {name}"


def signature(function: object) -> str:
    """Parameters and types, spelled the same by every Python."""
    text = str(inspect.signature(function))  # type: ignore[arg-type] # a function
    return re.sub(r" at 0x[0-9a-f]+", "", re.sub(r"[\w.]+\.(?=[A-Z])", "", text))


def test_the_public_api_is_what_it_was() -> None:
    lines = list[str]()
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        lines.append(f"# {module_name}")
        for name in sorted(module.__all__):
            value = getattr(module, name, None) or importlib.import_module(f"{module_name}.{name}")
            lines += [line for line in described(name, value) if "    def test_" not in line]
        lines.append("")
    assert_golden("tests/unit/golden/public_api.txt", "\n".join(lines))


def test_every_public_name_exists_and_says_what_it_is_for() -> None:
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        assert module.__doc__, module_name
        for name in module.__all__:
            value = getattr(module, name, None) or importlib.import_module(f"{module_name}.{name}")
            if inspect.isclass(value) or inspect.isfunction(value):
                assert inspect.getdoc(value), f"{module_name}.{name} has no docstring"
