"""Modules can be imported, are short, are named by their meaning, and registered parts are found by their names."""

import ast
import importlib
import inspect
import re
import subprocess
from pathlib import Path

import pytest

from sessionrl import registry

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sessionrl"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in FILES
    if file.name != "__main__.py"  # runs the command line when imported
]
PARTS = [(kind, name) for kind in registry.HOMES for name in registry.names(kind)]

LONGEST = 300
REASON = re.compile(r"\b(over|more than) 300 lines\b", re.IGNORECASE)
GRAB_BAGS = {"base", "common", "helper", "helpers", "manager", "misc", "old", "util", "utils"}
# A second word for a thing that docs/words.md names already, and names that say nothing.
SYNONYMS = re.compile(r"^(get|do)_|(^|_)(token|tokens|interaction|interactions|util|utils)($|_)")
EMPTY_TYPES = re.compile(r"(Manager|Helper|Impl|Utils|Base)$")


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("module", MODULES)
def test_module_can_be_imported(module):
    assert importlib.import_module(module).__doc__


def test_no_module_is_a_grab_bag():
    assert [relative(file) for file in FILES if GRAB_BAGS & {file.stem, *file.relative_to(ROOT).parts}] == []


def test_long_modules_give_the_reason_at_their_top():
    silent = []
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > LONGEST and not REASON.search(ast.get_docstring(ast.parse(text)) or ""):
            silent.append(f"{relative(file)}: {lines} lines")
    assert silent == []


def test_names_use_the_words_of_the_house():
    strange = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.FunctionDef(name=name) | ast.arg(arg=name) if SYNONYMS.search(name.lstrip("_")):
                    strange.append(f"{relative(file)}:{node.lineno} {name}")
                case ast.ClassDef(name=name) if EMPTY_TYPES.search(name):
                    strange.append(f"{relative(file)}:{node.lineno} {name}")
    assert strange == []


@pytest.mark.parametrize("kind", registry.HOMES)
def test_every_kind_has_parts(kind):
    assert registry.names(kind)


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_registered_part_is_documented_and_found_by_grep(kind, name):
    cls = registry.part(kind, name)
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}("), "that is the docstring that dataclass writes by itself"
    source = inspect.getsourcefile(cls)
    assert source is not None
    assert f'@register("{kind}", "{name}")' in Path(source).read_text(encoding="utf-8")


def test_no_tracked_file_is_over_one_mebibyte():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert [relative(file) for file in files if file.is_file() and file.stat().st_size > 2**20] == []
