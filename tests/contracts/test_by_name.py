"""Parts are tried by name: `sessionrl.contracts.by_name.check`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from sessionrl import contracts, registry
from sessionrl.contracts.by_name import CONTRACTS, check
from sessionrl.errors import BadOption, BrokenContract, UnknownName


@dataclass(frozen=True)
class Infinite:
    """Beyond all bounds."""

    k: int
    better: ClassVar[str] = "higher"

    def per_case(self, rankings, catalogue):
        return np.full(len(rankings), np.inf)


class Stumbles(Infinite):
    """Stops at an assertion of its own."""

    def per_case(self, rankings, catalogue):
        raise AssertionError


def plug(monkeypatch, cls):
    registry.names("metric")
    monkeypatch.setitem(registry._parts, ("metric", "mine"), cls)


def test_every_kind_of_part_has_a_contract_that_can_be_imported():
    assert list(CONTRACTS) == list(registry.HOMES)
    assert sorted(contracts.__all__) == sorted(f"check_{kind}" for kind in registry.HOMES)
    assert all(CONTRACTS[kind] is getattr(contracts, f"check_{kind}") for kind in registry.HOMES)


def test_what_was_tried_is_said():
    assert check("metric", "hit") == "A finite number for every list length, which says whether more is better."
    assert check("objective", "next_item", options={"kind": "bpr_max"}).startswith("A finite loss that teaches every")


def test_a_reader_is_tried_on_a_sample(tmp_path):
    (tmp_path / "shop.csv").write_text("item_id,timestamp,session_id,event_type\nmug,1430622004,1,view\n")
    assert check("reader", "delimited", tmp_path / "shop.csv").startswith("Tables with the promised columns")


def test_a_broken_promise_is_one_message(monkeypatch):
    plug(monkeypatch, Infinite)
    with pytest.raises(BrokenContract) as caught:
        check("metric", "mine")
    assert str(caught.value) == (
        "metric 'mine@1' is infinite for a case; a case without a value is NaN.\n"
        "  expected: what every metric promises, see sessionrl.contracts.check_metric\n"
        "  do now:   mend 'mine'"
    )


def test_an_assertion_of_the_part_itself_keeps_its_traceback(monkeypatch):
    plug(monkeypatch, Stumbles)
    with pytest.raises(AssertionError):
        check("metric", "mine")


@pytest.mark.parametrize(
    ("kind", "name", "path", "options", "error", "message"),
    [
        (
            "reader", "delimited", None, {}, BadOption,
            "reader 'delimited' is tried on a sample of what it reads.\n  do now: name the file or folder with --path",
        ),
        ("metric", "hit", "shop.csv", {}, BadOption, "metric 'hit' reads no file.\n  do now: leave --path out"),
        ("metric", "hit", None, {"k": 3}, BadOption, "metric 'hit' has no options.\n  do now: leave k out"),
        (
            "encoder", "gru", None, {}, UnknownName,
            "No kind of part is called 'encoder'. Did you mean 'reader'? "
            "Known: backbone, baseline, metric, objective, picture, policy, reader, reward.",
        ),
        (
            "policy", "greedi", None, {}, UnknownName,
            "No policy is called 'greedi'. Did you mean 'greedy'? Known: greedy, softmax, weighted.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_said(kind, name, path, options, error, message):
    with pytest.raises(error) as caught:
        check(kind, name, path, options)
    assert str(caught.value) == message
