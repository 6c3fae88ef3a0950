from dataclasses import replace

import pytest
import torch
from by_hand import batch, context

from sessionrl import registry
from sessionrl.data.sessions import PAD
from sessionrl.errors import BadOption, UnknownName
from sessionrl.nn.prefixes import Prefixes
from sessionrl.objectives.rewards.column import Column
from sessionrl.objectives.rewards.diversity import Diversity
from sessionrl.objectives.rewards.novelty import Novelty
from sessionrl.objectives.rewards.relevance import Relevance
from sessionrl.objectives.smorl import SMORL

VECTORS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]])


def diverse(last: list[int], item: list[int], vectors=VECTORS) -> list[float]:
    """Of states whose last items are these."""
    states = Prefixes(torch.tensor([last]), torch.arange(len(last)))
    return Diversity()(replace(batch(), state=states), torch.tensor(item), context(vectors)).tolist()


def test_diversity_by_hand():
    assert diverse([1, 1, 1, 1, 2], [1, 2, 3, 4, 3]) == pytest.approx([0, 0.4, 1, 2, 0.2], abs=1e-6)


def test_after_the_empty_history_nothing_is_diverse():
    assert diverse([PAD, PAD], [1, 3]) == [0, 0]


def test_what_nobody_knows_is_not_diverse():
    assert diverse([1, 5], [5, 1], torch.cat([VECTORS, torch.zeros(1, 2)])) == [0, 0]


def test_diversity_does_not_depend_on_the_length_of_vectors():
    assert diverse([1, 2], [2, 4], VECTORS * 7) == pytest.approx(diverse([1, 2], [2, 4]))


def test_novelty_by_hand():
    tail = torch.tensor([False, False, True, False, True])
    paid = Novelty()(batch(), torch.tensor([1, 2, 3, 4, 2]), context(tail=tail))
    assert paid.tolist() == [0, 1, 0, 1, 1]
    assert paid.dtype == torch.float32


def test_relevance_is_that_of_the_logged_event():
    for item in ([2, 3], [1, 1]):
        assert torch.equal(Relevance()(batch(), torch.tensor(item), context()), batch().reward)


def test_a_column_by_hand():
    known = context(attributes={"margin": torch.tensor([torch.nan, 4, torch.nan, -2])})
    paid = Column("margin", scale=0.5)(batch(), torch.tensor([1, 2, 3, 1]), known)
    assert paid.tolist() == [2, 0, -1, 2]


@pytest.mark.parametrize(("attributes", "known"), [({}, "none"), ({"margin": None, "cost": None}, "cost, margin")])
def test_a_column_that_is_not_there_is_said(attributes, known):
    with pytest.raises(BadOption) as error:
        Column()(batch(), batch().action, context(attributes=attributes))
    assert str(error.value) == (
        f"reward 'column', option 'column' = 'price': the table of items has no such column of numbers. "
        f"Known: {known}.\n"
        "  do now: give one of these, or prepare a table of items with it (reader.item_columns.price=NAME), "
        "in which nothing but numbers stands"
    )


def smorl(goals, **options):
    return registry.build("objective", {"name": "smorl", "goals": goals, **options})


def test_smorl_has_a_head_for_every_goal():
    assert SMORL().rewards == 3
    assert registry.build("objective", {"name": "smorl"}) == SMORL()
    two = smorl([{"name": "novelty"}, {"name": "column", "column": "margin"}], weights=[1.0, 0.5])
    assert two.rewards == 2
    known = context(attributes={"margin": torch.tensor([0.0, 1, 2, 3])})
    assert two.reward(batch(), batch().action, known).tolist() == [[1, 2], [0, 3]]


def test_losses_of_goals_with_one_name_are_told_apart():
    goals = [{"name": "column"}, {"name": "novelty"}, {"name": "column", "column": "margin"}]
    assert smorl(goals)._parts() == ["td_column", "td_novelty", "td_column_2"]


def test_goals_are_written_out():
    section = registry.complete("objective", {"name": "smorl"})
    assert [goal["name"] for goal in section["goals"]] == ["relevance", "diversity", "novelty"]
    section = registry.complete("objective", {"name": "smorl", "goals": [{"name": "column"}], "weights": [1.0]})
    assert section["goals"] == [{"name": "column", "column": "price", "scale": 1.0}]
    assert registry.build("objective", section).rewards == 1


def test_goals_without_a_weight_for_each_are_refused():
    with pytest.raises(BadOption) as error:
        smorl([{"name": "novelty"}])
    assert str(error.value) == (
        "objective 'smorl', option 'weights' = [1.0, 1.0, 1.0]: expected one for each of the goals novelty. "
        "Give it as objective.weights=[1.0]."
    )


def test_mistakes_in_goals_are_said():
    with pytest.raises(UnknownName, match=r"^No reward is called 'novelti'\. Did you mean 'novelty'\?"):
        smorl([{"name": "novelti"}], weights=[1.0])
    with pytest.raises(BadOption, match=r"^reward 'column' has no option 'colum'\. Did you mean 'column'\?"):
        smorl([{"name": "column", "colum": "price"}], weights=[1.0])
    with pytest.raises(BadOption, match=r"^Section \[reward\] has no 'name'\. Known: column, "):
        smorl([{"column": "price"}], weights=[1.0])
    with pytest.raises(BadOption, match=r"^objective 'smorl', option 'goals' = \[\]: "):
        smorl([], weights=[])
