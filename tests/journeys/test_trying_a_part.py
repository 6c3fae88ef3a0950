"""`sessionrl check` tries a part by name, and says what it promises or what it breaks."""

import numpy as np
import pytest

from sessionrl import registry
from sessionrl.contracts import by_name


def test_a_part_that_keeps_its_promises(sessionrl):
    answer = sessionrl("check", "objective", "next_item", "objective.kind=bpr_max", "objective.negatives=5")
    assert answer == (0, f"objective 'next_item' keeps its contract:\n\n{by_name.promises('objective')}\n", "")


def test_a_part_that_breaks_one(sessionrl, monkeypatch):
    class Short(registry.part("metric", "hit")):
        """The first case."""

        def per_case(self, rankings, catalogue):
            return np.zeros(1)

    monkeypatch.setitem(registry._parts, ("metric", "mine"), Short)
    answer = sessionrl("check", "metric", "mine")
    assert answer.code == 2
    assert answer.err.startswith("sessionrl: metric 'mine@1' gives (1,) numbers for ")


@pytest.mark.parametrize("assignment", ["reward.name=novelty", "policy.name=softmax"])
def test_options_of_another_part_are_refused(sessionrl, assignment):
    answer = sessionrl("check", "policy", "greedy", assignment)
    said = "sessionrl: Only options of the policy 'greedy' can be given. Write policy.option=value.\n"
    assert answer == (2, "", said)
