"""What is declared, pinned and shipped agree."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import sessionrl

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def declared() -> list[Requirement]:
    """Every requirement of the build, the core, the extras and the groups, but not the package's own extras."""
    lists = [
        PROJECT["build-system"]["requires"],
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    requirements = [Requirement(line) for one in lists for line in one]
    return [requirement for requirement in requirements if requirement.name != "sessionrl"]


def test_the_package_and_the_project_file_name_one_version():
    assert sessionrl.__version__ == PROJECT["project"]["version"]


def test_every_pin_is_exact():
    assert [str(pin) for pin in PINS if [clause.operator for clause in pin.specifier] != ["=="]] == []


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_every_requirement_is_pinned_inside_its_range(requirement):
    pinned = {canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version) for pin in PINS}
    assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_the_extra_all_holds_every_extra():
    extras = PROJECT["project"]["optional-dependencies"]
    everything = set().union(*(Requirement(line).extras for line in extras["all"]))
    assert everything == set(extras) - {"all"}


def test_the_licence_is_the_whole_apache_licence():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_and_nothing_else(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        ROOT,
    ]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "sessionrl"]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert packed == {name for name in tracked if (ROOT / name).is_file()}
    assert any(name.startswith("sessionrl/presets/") and name.endswith(".toml") for name in packed)
    assert any(name.startswith("sessionrl/reporting/templates/") for name in packed)
