"""The examples of docs/extend.md are complete: registered, checked by their contracts, and their commands are run."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from glob import glob
from pathlib import Path

import numpy as np
import pytest
import toy_shop

from sessionrl import cli, registry
from sessionrl.contracts import check_objective

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = {
    found.groups(): block
    for language, block in BLOCKS
    if language == "python" and (found := re.search(r'^@register\("(\w+)", "(\w+)"\)', block, re.MULTILINE))
}
COMMANDS = [line for language, block in BLOCKS if language == "bash" for line in block.splitlines()]
SMALL = [one for one in toy_shop.SMALL if not one.startswith("evaluation.")]
QUICK = {"train popularity": ["evaluation.replicates=100"], "train": [*SMALL, "training.epochs=1"]}


def write_visits(path: Path) -> None:
    """300 visits of the last thirty days of June 2025 to a shop of twelve items with prices."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        for visit in range(300):
            at = int(rng.integers(12))
            for step in range(int(rng.integers(2, 6))):
                time = f"2025-06-{1 + visit // 10:02}T{visit % 10 + 8:02}:{step:02}:00Z"
                what = str(rng.choice(["view", "cart", "purchase"], p=[0.7, 0.2, 0.1]))
                line = {"visit": visit, "sku": f"sku-{at}", "at": time, "what": what, "price": 5.0 + 3 * at}
                file.write(json.dumps(line) + "\n")
                at = (at + 1) % 12 if rng.random() < 0.8 else int(rng.integers(12))


def call(monkeypatch, capsys, words: list[str]) -> str:
    """Standard output of a command that must end well."""
    monkeypatch.setattr(sys, "argv", words)
    capsys.readouterr()
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            pytest.fail(f"{words}: {capsys.readouterr().err}")
    return capsys.readouterr().out


@pytest.fixture
def plugged(monkeypatch):
    """The examples, registered for one test."""
    for kind in registry.HOMES:
        registry.names(kind)
    monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    for (kind, name), block in EXAMPLES.items():
        exec(compile(block, f"docs/extend.md, {kind} {name}", "exec"), {"__name__": f"example_{name}"})


def test_there_is_an_example_of_every_kind_and_a_command_that_uses_it():
    assert sorted(kind for kind, _ in EXAMPLES) == sorted(registry.HOMES)
    for kind, name in EXAMPLES:
        assert [line for line in COMMANDS if line.startswith(f"sessionrl check {kind} {name}")], (kind, name)
        used = re.compile(rf"sessionrl (train|prepare|pictures) .*\b{name}\b")
        assert [line for line in COMMANDS if used.match(line)], (kind, name)


def test_every_command_of_the_page_is_run(plugged, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_visits(tmp_path / "visits.jsonl")
    first = [line for line in COMMANDS if "visits" in line]  # the data that the others are trained on
    for line in [*first, *(line for line in COMMANDS if line not in first)]:
        _, *words = (word for pattern in shlex.split(line) for word in (sorted(glob(pattern)) or [pattern]))
        small = next((options for start, options in QUICK.items() if " ".join(words).startswith(start)), [])
        said = call(monkeypatch, capsys, ["sessionrl", *words, *small])
        if words[0] == "check":
            assert said.startswith(f"{words[1]} {words[2]!r} keeps its contract:\n\n")
    runs = sorted((tmp_path / "runs").iterdir())
    assert len(runs) == sum(line.startswith("sessionrl train") for line in COMMANDS)
    measured = [json.loads((run / "metrics.json").read_text()) for run in runs]
    assert sum("takings@20" in json.dumps(one) for one in measured) == 1
    assert (tmp_path / "figures" / "price_level.csv").read_text().startswith("of,mean price\nchosen,")


def test_the_test_of_a_package_of_ones_own(plugged):
    (block,) = [block for _, block in BLOCKS if "def test_sharp" in block]
    names: dict[str, object] = {}
    exec(compile(block, "docs/extend.md", "exec"), names)
    assert names["check_objective"] is check_objective
    names["test_sharp"]()


def test_another_package_joins_through_its_entry_points(tmp_path):
    (toml,) = [block for language, block in BLOCKS if language == "toml"]
    ((group, points),) = tomllib.loads(toml)["project"]["entry-points"].items()
    ((name, module),) = points.items()
    package, file = module.split(".")
    (tmp_path / package).mkdir()
    (tmp_path / package / f"{file}.py").write_text(EXAMPLES[group.removeprefix("sessionrl."), name])
    metadata = tmp_path / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n")

    script = (
        "import sys; from sessionrl.cli import main\n"
        f"for words in (['list', 'objectives'], ['check', 'objective', {name!r}]):\n"
        "    sys.argv = ['sessionrl', *words]\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {[str(tmp_path), str(ROOT)]}\n{script}"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    place = Path(package, f"{file}.py")
    assert re.search(rf"^  sharp  \({re.escape(str(tmp_path / place))}:\d+\)$", answer.stdout, re.MULTILINE)
    assert "      options: entropy_weight=0.01\n" in answer.stdout
    assert "objective 'sharp' keeps its contract:" in answer.stdout
