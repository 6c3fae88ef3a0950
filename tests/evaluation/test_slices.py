import pytest
from hand_made import SHOP, rankings_of

from sessionrl.data.preparation import SLICES
from sessionrl.errors import UnknownName
from sessionrl.evaluation.slices import cases_in, slice_names


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
    ],
)
def test_slices_by_hand(name: str, rows: list[int]):
    assert cases_in(name, SHOP).nonzero()[0].tolist() == rows


def test_the_grid_divides_the_headline():
    rankings = rankings_of([[1, 1, 2], [3], [2, 2]], [[1]] * 6, [[0, 1, 2], [0], [2, 2]])
    grid = [cases_in(f"{kind}/{novelty}", rankings) for kind in rankings.kinds for novelty in ("repeat", "new")]
    assert (sum(mask.astype(int) for mask in grid) == cases_in("all", rankings)).all()
    assert (cases_in("first", rankings) != cases_in("all", rankings)).all()


def test_a_slice_that_does_not_exist():
    with pytest.raises(UnknownName) as error:
        cases_in("purchse", SHOP)
    known = ", ".join(sorted(slice_names(SHOP.kinds)))
    assert str(error.value) == f"No slice is called 'purchse'. Did you mean 'purchase'? Known: {known}."


def test_no_kind_of_event_may_take_the_name_of_a_slice():
    assert set(slice_names(())) == set(SLICES)
