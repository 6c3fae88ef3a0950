"""The documentation names what exists, its links lead somewhere, and its example runs."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sessionrl import config, registry
from sessionrl.contracts import check_reward
from sessionrl.contracts.made_up_runs import made_up_runs
from sessionrl.contracts.trial import made_up_context, made_up_transitions
from sessionrl.nn.backbones.gru import GRU
from sessionrl.nn.candidates import ItemSampler
from sessionrl.nn.items import Items
from sessionrl.nn.network import Network
from sessionrl.nn.prefixes import Prefixes, Transitions
from sessionrl.objectives.objective import Context

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TEXT = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """(page, command) of every `sessionrl …` line in a shell block, comments cut off."""
    lines = [
        (page, line.split("#")[0].strip())
        for page, text in TEXT.items()
        for language, block in BLOCK.findall(text)
        if language == "bash"
        for line in block.splitlines()
    ]
    return [(page, line) for page, line in lines if line.startswith("sessionrl ")]


@pytest.mark.parametrize("page", TEXT)
def test_relative_links_lead_to_files(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT[page])
    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


def test_every_page_is_in_the_navigation():
    listed = set(
        re.findall(r": (\S+\.md)$|- (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert {first or second for first, second in listed} == pages


def test_every_decision_is_in_their_index():
    index = TEXT["docs/decisions/index.md"]
    pages = sorted(page.name for page in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name for name in pages if f"({name})" not in index] == []
    assert [name[:3] for name in pages] == [f"{number:03}" for number in range(1, len(pages) + 1)]


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("docs/models.md", lambda: config.preset_names()),
        ("docs/metrics.md", lambda: [f"{name}@k" for name in registry.names("metric")]),
        ("docs/data.md", lambda: registry.names("reader")),
        ("docs/show.md", lambda: registry.names("picture")),
    ],
    ids=["presets", "metrics", "readers", "pictures"],
)
def test_every_name_has_its_row_and_every_row_a_name(page, names):
    rows = set(re.findall(r"^\| `([^`]+)` \|", TEXT[page], re.MULTILINE))
    assert rows == set(names())


def test_the_staircase_is_the_one_that_is_checked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (floors,) = [one for one in project["tool"]["importlinter"]["contracts"] if one["id"] == "floors"]
    (drawn,) = [block for language, block in BLOCK.findall(TEXT["docs/extend.md"]) if language == "text"]
    assert drawn.splitlines() == [re.sub(r"[()]", "", floor) for floor in floors["layers"]]


@pytest.mark.parametrize(("page", "command"), commands())
def test_commands_in_the_documentation_exist(page, command):
    from sessionrl.cli import app

    _, verb, *rest = command.split()
    assert verb in set(app), f"{page}: {command}"
    if verb in ("train", "show") and not rest[0].startswith("-"):
        assert rest[0] in config.preset_names(), f"{page}: {command}"
    if verb == "prepare":
        shown = re.findall(r'@register\("reader", "(\w+)"\)', TEXT[page])
        assert rest[0] in [*registry.names("reader"), *shown], f"{page}: {command}"


def test_the_example_of_the_python_api_runs(tmp_path, monkeypatch, capsys):
    days = [f"2026-05-{day:02}T12:{minute:02}:00Z" for day in range(1, 31) for minute in range(3)]
    rows = [f"{number // 3},mug-{(number // 3 + number) % 6},{time},view" for number, time in enumerate(days)]
    (tmp_path / "shop.csv").write_text("session_id,item_id,timestamp,event_type\n" + "\n".join(rows))
    monkeypatch.chdir(tmp_path)
    (example,) = [block for language, block in BLOCK.findall(TEXT["README.md"]) if language == "python"]
    exec(compile(example, "README.md", "exec"), {"__name__": "example"})
    printed = capsys.readouterr().out
    assert len(set(re.findall(r"'mug-\d'", printed))) == printed.count("'mug-") == 5
    assert printed.endswith(" []\n")  # both ids are known
    assert (tmp_path / "prepared" / "shop" / "card.json").is_file()


def test_the_example_of_an_objective_runs(monkeypatch):
    registry.names("objective")  # loaded under the other dictionary they would be gone afterwards
    monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    (example,) = [block for _, block in BLOCK.findall(TEXT["docs/extend.md"]) if '@register("objective"' in block]
    exec(compile(example, "docs/extend.md", "exec"), {"__name__": "example"})
    objective = registry.build("objective", {"name": "sharp", "entropy_weight": 0.5})

    torch.manual_seed(1)
    network = Network(Items(5, dim=4), GRU(dim=4), objective.rewards)
    rows = torch.tensor([[1, 2, 3]])
    batch = Transitions(
        state=Prefixes(rows, torch.tensor([0, 1])),
        next_state=Prefixes(rows, torch.tensor([1, 2])),
        action=torch.tensor([2, 3]),
        reward=torch.ones(2),
        done=torch.tensor([False, True]),
        event_type=torch.zeros(2, dtype=torch.int64),
        event=torch.tensor([1, 2]),
        position=torch.tensor([1, 2]),
        remaining=torch.tensor([1, 0]),
        next_action=torch.tensor([3, 0]),
        next_event_type=torch.tensor([0, -1]),
    )
    sampler = ItemSampler(np.array([0, 1, 1, 1, 1]))
    one = torch.ones(1)
    context = Context(0, torch.Generator(), sampler, torch.zeros(5, dtype=torch.bool), torch.zeros(5, 2), one, one)
    loss = objective.loss(network, None, batch, context)

    log_p = network(batch.state).logits.log_softmax(1)
    expected = -log_p[[0, 1], [1, 2]].mean() - 0.5 * (log_p.exp() * log_p).sum(1).mean()
    assert loss.total.item() == pytest.approx(expected.item(), rel=1e-6)


def test_every_control_can_be_trained_as_it_is_written():
    """Names and options exist, and the supervised loss is that of the preset, which the table says is the same."""
    trained = [shlex.split(line)[2:] for page, line in commands() if page == "docs/controls.md" and " train " in line]
    assert len(trained) > 20
    for preset, *assignments in trained:
        loaded = config.load(preset)
        objective = config.complete(config.override(loaded, assignments))["objective"]
        same = config.complete(loaded)["objective"]
        changed = {one.split("=")[0].removeprefix("objective.") for one in assignments}
        if not changed & {"log_q", "negatives", "alpha"} and objective["name"] != "next_item":
            found = objective["of"]["supervised"] if "of" in objective else objective["supervised"]
            expected = same.get("supervised", {key: value for key, value in same.items() if key != "name"})
            assert found == expected, (preset, assignments)
        registry.build("objective", objective)


def test_the_example_of_the_null_world_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = [block for language, block in BLOCK.findall(TEXT["docs/controls.md"]) if language == "python"]
    exec(example.replace("50_000", "50").replace("days=30", "days=2"), {"__name__": "example"})
    assert (tmp_path / "null-world" / "events.csv").is_file()


def test_the_example_of_a_reward_runs(monkeypatch):
    registry.names("reward")  # loaded under the other dictionary they would be gone afterwards
    monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    (example,) = [block for _, block in BLOCK.findall(TEXT["docs/extend.md"]) if '@register("reward"' in block]
    exec(compile(example, "docs/extend.md", "exec"), {"__name__": "example"})
    check_reward("bargain", most=5.0)

    paid = registry.build("reward", {"name": "bargain", "most": 5.0})
    known = replace(made_up_context(), attributes={"price": torch.tensor([torch.nan, 4.0, 5.0, 6.0, torch.nan])})
    item = torch.tensor([1, 2, 3, 4])
    assert paid(made_up_transitions([0]), item, known).tolist() == [1, 1, 0, 0]


def test_the_example_of_a_picture_to_change_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    for run in made_up_runs():
        (tmp_path / "runs" / run.name).symlink_to(run)
    (example,) = [block for language, block in BLOCK.findall(TEXT["docs/show.md"]) if language == "python"]
    names: dict[str, object] = {}
    exec(compile(example, "docs/show.md", "exec"), names)
    assert names["figure"].axes[0].get_title() == "What decides"
    assert (tmp_path / "headline.pdf").read_bytes().startswith(b"%PDF")
    assert len(names["numbers"]) == len(names["subject"].models)


@pytest.mark.slow
def test_the_documentation_builds_without_warnings(tmp_path):
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (tmp_path / "site" / "models.html").is_file()
