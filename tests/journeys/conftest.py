"""The command line as its user has it: a folder of a shop's own, and commands that answer with code, output, errors."""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import toy_shop

from sessionrl import cli

QUICK = ("evaluation.replicates=100",)


class Answer(NamedTuple):
    """Exit code, and what stood on standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def sessionrl(capsys, monkeypatch):
    """Call the command line in this process: ``sessionrl("train", "popularity")``."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["sessionrl", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
        return Answer(int(code), *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def furnished(tmp_path_factory) -> Path:
    """A folder with a log, one prepared data set in ./prepared, and a run of popularity; nobody writes into it."""
    from sessionrl import config
    from sessionrl.experiment import Experiment

    folder = tmp_path_factory.mktemp("my shop")
    (folder / "prepared").mkdir()
    prepared = toy_shop.prepare_log(folder, "prepared/toy")
    experiment = Experiment(config.override(config.load("popularity"), QUICK), prepared)
    experiment.run(experiment.new_run(folder / "runs"))
    return folder


@pytest.fixture
def shop(furnished, tmp_path, monkeypatch) -> Path:
    """A copy of it to work in, with a blank in its path."""
    folder = tmp_path / "my shop"
    shutil.copytree(furnished, folder)
    (folder / "runs").rename(folder / "old runs")
    monkeypatch.chdir(folder)
    return folder
