"""Rewards are changed one by one or as a table, and the command in a report prepares the very same data again."""

import json
import shlex
from pathlib import Path

import pytest
import toy_shop

from sessionrl.reporting.models import load_models
from sessionrl.reporting.provenance import commands
from sessionrl.runs import PreparedDirectory, prepared_in

COLUMNS = [f"reader.columns.{ours}={theirs}" for ours, theirs in toy_shop.COLUMNS.items()]
KINDS = [f"reader.kinds.{theirs}={ours}" for theirs, ours in toy_shop.KINDS.items()]
DAYS = ["data.test_days=3", "data.valid_days=3"]


@pytest.mark.parametrize(
    ("assignments", "rewards"),
    [
        ([*KINDS, "data.reward.view=0.1"], {"view": 0.1, "cart": 1.0, "purchase": 1.0}),
        ([*KINDS[:2], "data.reward.sold=3"], {"view": 0.2, "cart": 1.0, "purchase": 1.0, "sold": 3.0}),
        (["data.reward={sold = 5, look = 0.5, cart = 2}"], {"sold": 5.0, "look": 0.5, "cart": 2.0}),
        ([*KINDS, "data.reward={purchase = 1, cart = 1, view = 0.2}"], {"purchase": 1.0, "cart": 1.0, "view": 0.2}),
        ([*KINDS[:1], "reader.kinds={look = 'view', sold = 'x.y', basket = 'x y'}",
          "data.reward={view = 1, 'x.y' = 2, 'x y' = 3}"], {"view": 1.0, "x.y": 2.0, "x y": 3.0}),
    ],
    ids=["one changed", "one added", "others", "another order", "names with dots and blanks"],
)  # fmt: skip
def test_the_command_in_a_report_prepares_the_same_data(tmp_path, monkeypatch, sessionrl, assignments, rewards):
    monkeypatch.chdir(tmp_path)
    toy_shop.write_log(Path("log.csv"))
    answer = sessionrl("prepare", "delimited", "log.csv", *COLUMNS, *DAYS, *assignments)
    assert answer.code == 0, answer.err
    (first,) = prepared_in(Path("prepared"))
    card = json.loads(PreparedDirectory(first).card.read_text(encoding="utf-8"))
    assert list(card["rewards"].items()) == list(rewards.items())

    assert sessionrl("train", "popularity", "evaluation.replicates=100").code == 0
    again, *_ = commands(load_models(Path("runs").iterdir()), Path("report.html"))
    repeated = sessionrl(*shlex.split(again)[1:])
    assert repeated.out.startswith("Prepared already, from these files with these options."), again
