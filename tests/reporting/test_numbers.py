import doctest

import pytest

from sessionrl.reporting import models, numbers


@pytest.mark.parametrize("module", [numbers, models])
def test_the_examples_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_numbers_that_belong_together_have_the_same_places():
    assert numbers.with_interval(0.0996, 0.0942, 0.1041) == "0.100 [0.094, 0.104]"
    assert numbers.with_interval(12.3456, 9.8765, 14.2) == "12.35 [9.88, 14.20]"
    assert numbers.difference(-0.0021, -0.0104, 0.0051) == "−0.0021 [−0.0104, 0.0051]"
    assert numbers.difference(-0.00001, -0.00002, 0.0) == "0.0000 [0.0000, 0.0000]"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(value):
    assert numbers.number(value) == "–"
    assert numbers.signed(value) == "–"
    assert numbers.p_value(value) == "–"
    assert numbers.with_interval(value, value, value) == "–"
