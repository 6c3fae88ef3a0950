from dataclasses import replace

import numpy as np
import pytest
from hand_made import CATALOGUE, SHOP, rankings_of

from sessionrl.data.preparation import SLICES
from sessionrl.errors import UnknownName
from sessionrl.evaluation.slices import BY_EVENTS, cases_in, slice_names


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("all", [1, 2, 3]),
        ("first", [0]),
        ("prefix>=2", [2, 3]),
        ("repeat", [2]),
        ("new", [1, 3]),
        ("view", [1]),
        ("view/new", [1]),
        ("view/repeat", []),
        ("cart", [2]),
        ("cart/repeat", [2]),
        ("cart/new", []),
        ("purchase/new", [3]),
        ("events=0", []),
        ("events=1-5", [1, 3]),  # items 2 and 3 have 4 and 2 events; the first event is of no such slice
        ("events=1-5/new", [1, 3]),
        ("events=6-20", [2]),
        ("events=6-20/new", []),  # item 1 was read before
        ("events>20", []),
    ],
)
def test_slices_by_hand(name: str, rows: list[int]):
    assert cases_in(name, SHOP, CATALOGUE).nonzero()[0].tolist() == rows


def test_the_grid_divides_the_headline():
    rankings = rankings_of([[1, 1, 2], [3], [2, 2]], [[1]] * 6, [[0, 1, 2], [0], [2, 2]])
    grid = [
        cases_in(f"{kind}/{novelty}", rankings, CATALOGUE) for kind in rankings.kinds for novelty in ("repeat", "new")
    ]
    assert (sum(mask.astype(int) for mask in grid) == cases_in("all", rankings, CATALOGUE)).all()
    assert (cases_in("first", rankings, CATALOGUE) != cases_in("all", rankings, CATALOGUE)).all()


@pytest.mark.parametrize(
    ("count", "name"),
    [(0, "events=0"), (1, "events=1-5"), (5, "events=1-5"), (6, "events=6-20"), (20, "events=6-20"), (21, "events>20")],
)
def test_every_item_is_in_one_slice_by_its_events(count: int, name: str):
    catalogue = replace(CATALOGUE, counts=np.array([0, 9, count, 9, 9, 9]))
    assert [one for one in BY_EVENTS if cases_in(one, SHOP, catalogue)[1]] == [name]


def test_an_event_of_an_item_that_may_not_be_recommended_is_no_case():
    catalogue = replace(CATALOGUE, recommendable=np.array([False, True, False, True, True, True]))
    for name in slice_names(SHOP.kinds):
        found, before = cases_in(name, SHOP, catalogue), cases_in(name, SHOP, CATALOGUE)
        assert found.tolist() == [row and item != 2 for row, item in zip(before, SHOP.target, strict=True)]


def test_a_slice_that_does_not_exist():
    with pytest.raises(UnknownName) as error:
        cases_in("purchse", SHOP, CATALOGUE)
    known = ", ".join(sorted(slice_names(SHOP.kinds)))
    assert str(error.value) == f"No slice is called 'purchse'. Did you mean 'purchase'? Known: {known}."


def test_no_kind_of_event_may_take_the_name_of_a_slice():
    assert {name for name in slice_names(()) if "/" not in name} == set(SLICES)
